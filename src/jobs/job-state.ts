import type { ProblemJson } from '../common/seamline-error.ts';
import type { CameraStatus, PipelineStatus } from '../contract/job-messages.ts';

/** Where a job stands, as its users see it. */
export type JobPhase = 'starting' | 'warming' | 'aligning' | 'running' | 'degraded' | 'stopping' | 'stopped' | 'failed';

/** State of a job; plain data, changed by `transition` alone. */
export interface JobState {
  readonly phase: JobPhase;
  /** Why the phase is not simply `running`, in plain words; empty when there is nothing to say. */
  readonly reasons: readonly string[];
  /** What ended the job for good (`failed`). */
  readonly failure: ProblemJson | undefined;
  /** True once the panorama has been on its outputs; from then on trouble is `degraded`, not `starting`. */
  readonly hasRun: boolean;
  /** Job processes that ended by themselves, since the start. */
  readonly restarts: number;
  /** The same since the last long run without trouble; sets the pause before the next start. */
  readonly attempt: number;
  /** What the process said before it ended. */
  readonly lastProblem: ProblemJson | undefined;
}

/** What happens to a job. */
export type JobInput =
  | { readonly kind: 'process-started' }
  | { readonly kind: 'status'; readonly status: PipelineStatus }
  /** The process said why it is about to end. */
  | { readonly kind: 'process-failed'; readonly problem: ProblemJson; readonly isRetryable: boolean }
  /** The process is gone; `description` in plain words. */
  | { readonly kind: 'process-ended'; readonly description: string }
  /** It has run well for long enough to forget earlier ends. */
  | { readonly kind: 'steady' }
  | { readonly kind: 'stop' };

/** What the supervisor has to do. */
export type JobEffect =
  | { readonly kind: 'start-process'; /** Which retry, 0 for the first start. */ readonly attempt: number }
  | { readonly kind: 'stop-process' }
  | { readonly kind: 'close-outputs'; readonly reason: string };

/** A job before its first process. */
export const INITIAL_STATE: JobState = {
  phase: 'starting',
  reasons: [],
  failure: undefined,
  hasRun: false,
  restarts: 0,
  attempt: 0,
  lastProblem: undefined,
};

/** True when nothing will happen to the job any more. */
export function isFinal(phase: JobPhase): boolean {
  return phase === 'stopped' || phase === 'failed';
}

/** The state after an input, and what has to be done. Inputs that come too late change nothing. */
export function transition(state: JobState, input: JobInput): readonly [JobState, readonly JobEffect[]] {
  if (isFinal(state.phase)) return [state, []];
  if (state.phase === 'stopping') {
    if (input.kind !== 'process-ended') return [state, []];
    return [{ ...state, phase: 'stopped', reasons: [] }, [{ kind: 'close-outputs', reason: 'the job was stopped' }]];
  }
  switch (input.kind) {
    case 'process-started':
      return [{ ...state, lastProblem: undefined }, []];
    case 'status':
      return [withStatus(state, input.status), []];
    case 'steady':
      return [{ ...state, attempt: 0 }, []];
    case 'process-failed':
      return input.isRetryable ? [{ ...state, lastProblem: input.problem }, []] : fail(state, input.problem);
    case 'process-ended':
      return restart(state, input.description);
    case 'stop':
    default:
      return [{ ...state, phase: 'stopping', reasons: [] }, [{ kind: 'stop-process' }]];
  }
}

function fail(state: JobState, problem: ProblemJson): readonly [JobState, readonly JobEffect[]] {
  return [
    { ...state, phase: 'failed', reasons: [problem.detail], failure: problem, lastProblem: problem },
    [{ kind: 'stop-process' }, { kind: 'close-outputs', reason: `the job failed: ${problem.detail}` }],
  ];
}

function restart(state: JobState, description: string): readonly [JobState, readonly JobEffect[]] {
  const why = state.lastProblem?.detail ?? description;
  const next: JobState = {
    ...state,
    phase: state.hasRun ? 'degraded' : 'starting',
    reasons: [`the job process ended and is started again: ${why}`],
    restarts: state.restarts + 1,
    attempt: state.attempt + 1,
  };
  return [next, [{ kind: 'start-process', attempt: next.attempt }]];
}

function withStatus(state: JobState, status: PipelineStatus): JobState {
  const reasons = reasonsOf(status);
  if (status.phase === 'stopping') return state;
  if (status.phase !== 'running') {
    return state.hasRun ? { ...state, phase: 'degraded', reasons } : { ...state, phase: status.phase, reasons };
  }
  const isAligned = ['network', 'manual'].includes(status.geometry.origin);
  const isWhole = isAligned && status.cameras.every(isLive) && status.load.level === 0;
  return { ...state, phase: isWhole ? 'running' : 'degraded', reasons, hasRun: true };
}

const isLive = (camera: CameraStatus): boolean => camera.phase === 'running';

/** What keeps a pipeline from its full picture, in plain words. Addresses are named by their field. */
export function reasonsOf(status: PipelineStatus): string[] {
  const load = status.load.reason === '' ? [] : [status.load.reason];
  return [...load, ...pictureReasons(status)];
}

function pictureReasons(status: PipelineStatus): string[] {
  const cameras = status.cameras.flatMap((camera, index) => {
    if (isLive(camera)) return [];
    return [`url${index + 1} is ${camera.phase}${camera.reason === '' ? '' : `: ${camera.reason}`}`];
  });
  const { origin, reason } = status.geometry;
  const because = reason === '' ? '' : `: ${reason}`;
  if (status.output === undefined) return [...cameras, `the views are not aligned yet${because}`];
  if (origin === 'held') return [...cameras, `the last good alignment is held${because}`];
  if (origin === 'side-by-side') return [...cameras, `the views are shown side by side${because}`];
  if (origin === 'manual') return [...cameras, 'the alignment is fixed by hand'];
  return reason === '' ? cameras : [...cameras, reason];
}
