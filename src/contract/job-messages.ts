import type { ProblemJson } from '../common/seamline-error.ts';
import type { Fill, JobSpec, PipelineSettings } from './job-spec.ts';
import type { GeometryOrigin, ManualGeometry, MeshGrid } from './warp-state.ts';

/** Life of a camera's input. */
export type CameraPhase = 'connecting' | 'running' | 'stalled' | 'reconnecting' | 'stopped';

/** State of one camera as the job process sees it. */
export interface CameraStatus {
  readonly phase: CameraPhase;
  /** Plain words, without secrets; empty while all is well. */
  readonly reason: string;
  /** Which client is in use. */
  readonly client: 'direct' | 'ffmpeg';
  readonly codec: string | undefined;
  /** Size the camera sends, pixels. */
  readonly widthPx: number | undefined;
  readonly heightPx: number | undefined;
  readonly fps: number;
  readonly framesReceived: number;
  readonly framesDropped: number;
  readonly reconnects: number;
}

/**
 * Where a job process stands. `warming`: the networks are being loaded, for which TensorRT builds engines the first
 * time. `degraded` is decided by the API from cameras and geometry.
 */
export type PipelinePhase = 'starting' | 'warming' | 'aligning' | 'running' | 'stopping';

/** Median and 95th percentile of a delay over the last seconds, ms. */
export interface Delay {
  readonly p50: number;
  readonly p95: number;
}

/** Figures of a job process, once a second. */
export interface PipelineStatus {
  readonly phase: PipelinePhase;
  /** In the order of the request, `url1` and `url2`, whichever is the reference view. */
  readonly cameras: readonly [CameraStatus, CameraStatus];
  readonly fps: number;
  /** Frames dropped since the start, by stage and reason in plain words. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly skewMs: Delay;
  /** Delay of each stage and `total` from capture to encoded. */
  readonly delayMs: Readonly<Record<'decode' | 'pair' | 'compose' | 'encode' | 'total', Delay>>;
  readonly geometry: {
    readonly origin: GeometryOrigin;
    readonly version: number;
    readonly confidence: number;
    readonly overlap: number;
    /** New geometries a second. */
    readonly rate: number;
    readonly grid: MeshGrid | undefined;
    readonly reason: string;
    /** Milliseconds of one run of each network. */
    readonly networkMs: Readonly<Record<string, number>>;
  };
  readonly provider: string;
  /** How often the networks run. */
  readonly cadence: {
    /** `every-frame`: all of them for each pair. `live`: as often as their budget of processor time allows. */
    readonly mode: 'live' | 'every-frame';
    /** Pairs a second that any network looked at, and those of them whose views were compared anew. */
    readonly updatesPerSecond: number;
    readonly comparisonsPerSecond: number;
  };
  /** What is given up because the machine cannot keep up: 0 nothing, and in plain words. */
  readonly load: { readonly level: number; readonly reason: string };
  /** Why providers before the one in use were passed over. */
  readonly providerFallbacks: readonly { readonly provider: string; readonly reason: string }[];
  readonly output: { readonly widthPx: number; readonly heightPx: number; readonly bitrateKbps: number } | undefined;
  readonly memoryMb: number;
}

/** What can be changed of a running job: all that is given, or nothing. */
export interface JobChange {
  readonly bitrateKbps?: number;
  readonly syncOffsetMs?: number;
  readonly fill?: Fill;
  /** null: the networks' again. */
  readonly geometry?: ManualGeometry | null;
  readonly swap?: boolean;
}

/** API process → job process. */
export type JobCommand =
  | { readonly kind: 'start'; readonly spec: JobSpec; readonly settings: PipelineSettings }
  | { readonly kind: 'keyframe' }
  | { readonly kind: 'stop' }
  | ({ readonly kind: 'change'; readonly id: number } & JobChange)
  | { readonly kind: 'get-geometry'; readonly id: number }
  | { readonly kind: 'snapshot'; readonly id: number };

/** Job process → API process. */
export type JobEvent =
  | { readonly kind: 'hello'; readonly pid: number }
  | { readonly kind: 'status'; readonly status: PipelineStatus }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'failed'; readonly problem: ProblemJson }
  | { readonly kind: 'reply'; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly kind: 'reply'; readonly id: number; readonly ok: false; readonly problem: ProblemJson };

const COMMANDS: ReadonlySet<string> = new Set(['start', 'keyframe', 'stop', 'change', 'get-geometry', 'snapshot']);
const EVENTS: ReadonlySet<string> = new Set(['hello', 'status', 'log', 'failed', 'reply']);

function hasKind(message: unknown, kinds: ReadonlySet<string>): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'kind' in message &&
    typeof message.kind === 'string' &&
    kinds.has(message.kind)
  );
}

/** The message as a command, or undefined when it is none (the receiver counts and ignores it). */
export function parseJobCommand(message: unknown): JobCommand | undefined {
  return hasKind(message, COMMANDS) ? (message as JobCommand) : undefined;
}

/** The message as an event, or undefined when it is none. */
export function parseJobEvent(message: unknown): JobEvent | undefined {
  return hasKind(message, EVENTS) ? (message as JobEvent) : undefined;
}
