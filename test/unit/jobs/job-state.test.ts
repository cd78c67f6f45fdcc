import { describe, expect, it } from 'vitest';
import { array, assert, constantFrom, property } from 'fast-check';
import type { PipelineStatus } from '../../../src/contract/job-messages.ts';
import {
  INITIAL_STATE,
  isFinal,
  reasonsOf,
  transition,
  type JobInput,
  type JobState,
} from '../../../src/jobs/job-state.ts';
import { aPipelineStatus } from '../../helpers/job-facts.ts';

const PROBLEM = { type: '/problems/model-invalid', title: 'x', status: 500, detail: 'the bundle is not there' };
const status = (overrides: Partial<PipelineStatus> = {}): JobInput => ({
  kind: 'status',
  status: aPipelineStatus(overrides),
});
const ENDED: JobInput = { kind: 'process-ended', description: 'it ended with exit code 7' };
const FAILED: JobInput = { kind: 'process-failed', problem: PROBLEM, isRetryable: false };

function after(...inputs: readonly JobInput[]): JobState {
  return inputs.reduce<JobState>((state, input) => transition(state, input)[0], INITIAL_STATE);
}

describe('a job', () => {
  it('goes from starting over warming and aligning to running', () => {
    expect(after(status({ phase: 'warming' })).phase).toBe('warming');
    expect(after().phase).toBe('starting');
    expect(after({ kind: 'process-started' }, status({ phase: 'starting' })).phase).toBe('starting');
    expect(after(status({ phase: 'aligning' })).phase).toBe('aligning');
    expect(after(status({ phase: 'aligning' }), status()).phase).toBe('running');
  });

  it('says that the views are not aligned yet while there is no output, not that they are side by side', () => {
    const geometry = { ...aPipelineStatus().geometry, origin: 'side-by-side', reason: 'too dark' } as const;

    expect(after(status({ phase: 'aligning', output: undefined, geometry })).reasons).toEqual([
      'the views are not aligned yet: too dark',
    ]);
  });

  it('is degraded while a camera is away or the networks have no alignment, and says why', () => {
    const [left, right] = aPipelineStatus().cameras;
    const lost = status({ cameras: [left, { ...right, phase: 'reconnecting', reason: 'connection refused' }] });
    const held = status({ geometry: { ...aPipelineStatus().geometry, origin: 'held', reason: 'too dark' } });
    const beside = status({ geometry: { ...aPipelineStatus().geometry, origin: 'side-by-side' } });

    expect(after(status(), lost)).toMatchObject({
      phase: 'degraded',
      reasons: ['url2 is reconnecting: connection refused'],
    });
    expect(after(status(), held).reasons).toEqual(['the last good alignment is held: too dark']);
    expect(after(beside)).toMatchObject({ phase: 'degraded', reasons: ['the views are shown side by side'] });
    expect(after(status(), lost, status())).toMatchObject({ phase: 'running', reasons: [] });
  });

  it('runs with an alignment that is fixed by hand, and says so', () => {
    const manual = status({ geometry: { ...aPipelineStatus().geometry, origin: 'manual' } });

    expect(after(manual)).toMatchObject({ phase: 'running', reasons: ['the alignment is fixed by hand'] });
  });

  it('is degraded while work is given up because the machine cannot keep up, and says what', () => {
    const reason = 'the machine cannot keep up: the alignment is renewed half as often';

    expect(after(status({ load: { level: 1, reason } }))).toMatchObject({ phase: 'degraded', reasons: [reason] });
    expect(after(status({ load: { level: 1, reason } }), status())).toMatchObject({ phase: 'running', reasons: [] });
  });

  it('is started again when its process ends, as often as that happens', () => {
    const [state, effects] = transition(after(status()), ENDED);

    expect(state).toMatchObject({ phase: 'degraded', restarts: 1, attempt: 1 });
    expect(state.reasons[0]).toContain('exit code 7');
    expect(effects).toEqual([{ kind: 'start-process', attempt: 1 }]);
    expect(transition(state, ENDED)[1]).toEqual([{ kind: 'start-process', attempt: 2 }]);
  });

  it('stays starting when its process ends before there was a picture', () => {
    expect(after(ENDED).phase).toBe('starting');
  });

  it('tells what the process said before it ended', () => {
    const told: JobInput = { ...FAILED, isRetryable: true };

    expect(after(told, ENDED).reasons[0]).toContain('the bundle is not there');
  });

  it('forgets earlier ends after a long good run', () => {
    expect(after(ENDED, ENDED, status(), { kind: 'steady' })).toMatchObject({ attempt: 0, restarts: 2 });
  });

  it('fails for good when trying again cannot help, and closes its outputs', () => {
    const [state, effects] = transition(INITIAL_STATE, FAILED);

    expect(state).toMatchObject({ phase: 'failed', failure: PROBLEM });
    expect(effects.map((effect) => effect.kind)).toEqual(['stop-process', 'close-outputs']);
  });

  it('stops over stopping, and closes its outputs once', () => {
    const [stopping, first] = transition(after(status()), { kind: 'stop' });
    const [stopped, second] = transition(stopping, ENDED);

    expect([stopping.phase, stopped.phase]).toEqual(['stopping', 'stopped']);
    expect(first).toEqual([{ kind: 'stop-process' }]);
    expect(second.map((effect) => effect.kind)).toEqual(['close-outputs']);
    expect(transition(stopping, status())[0]).toBe(stopping);
    expect(transition(stopping, { kind: 'stop' })[1]).toEqual([]);
  });

  it('never leaves a final state and never starts a process from one, whatever comes in which order', () => {
    const inputs = constantFrom<JobInput>(
      { kind: 'process-started' },
      status(),
      status({ phase: 'aligning' }),
      FAILED,
      { ...FAILED, isRetryable: true },
      ENDED,
      { kind: 'steady' },
      { kind: 'stop' },
    );
    assert(
      property(array(inputs, { maxLength: 30 }), (sequence) => {
        let state = INITIAL_STATE;
        let closings = 0;
        for (const input of sequence) {
          const [next, effects] = transition(state, input);
          if (isFinal(state.phase)) expect([next, effects]).toEqual([state, []]);
          if (next.phase === 'stopping') expect(effects.map((effect) => effect.kind)).not.toContain('start-process');
          closings += effects.filter((effect) => effect.kind === 'close-outputs').length;
          state = next;
        }
        expect(closings).toBe(isFinal(state.phase) ? 1 : 0);
      }),
    );
  });
});

it('gives a reason for each camera by the name of its field', () => {
  const [left, right] = aPipelineStatus().cameras;
  const both = aPipelineStatus({
    cameras: [
      { ...left, phase: 'connecting', reason: '' },
      { ...right, phase: 'stalled', reason: 'no picture for 4000 ms' },
    ],
  });

  expect(reasonsOf(both)).toEqual(['url1 is connecting', 'url2 is stalled: no picture for 4000 ms']);
});
