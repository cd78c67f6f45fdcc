import type { ProblemJson } from '../common/seamline-error.ts';
import type { CameraTransport, IngestMode, NetworkPolicy } from './job-spec.ts';

/** What a probe process is told, as one JSON text on its stdin: the address with its password is in no process list. */
export interface ProbeRequest {
  readonly url: string;
  readonly transport: CameraTransport;
  readonly ingest: IngestMode;
  readonly connectTimeoutMs: number;
  /** From the start to the answer, ms. */
  readonly timeoutMs: number;
  readonly ffmpegPath: string;
  readonly sourcePolicy: NetworkPolicy;
}

/** What was found out about a camera. */
export interface ProbeFinding {
  readonly codec: string;
  /** Size the camera sends, pixels. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fps: number;
  readonly client: 'direct' | 'ffmpeg';
  /** From the start of connecting to the first decoded picture, ms. */
  readonly firstPictureMs: number;
  /** A small picture, JPEG, base 64. */
  readonly picture: string;
}

/** What a probe process says, as one JSON text on its stdout. */
export type ProbeResult =
  | { readonly kind: 'found'; readonly finding: ProbeFinding }
  /** The camera gives no picture; `reason` in plain words, without secrets. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'failed'; readonly problem: ProblemJson };

const KINDS: readonly ProbeResult['kind'][] = ['found', 'unreachable', 'failed'];

/** The text as a result, or undefined when it is none. */
export function parseProbeResult(text: string): ProbeResult | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: the process ended before it could answer.
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  const isKnown = KINDS.some((kind) => kind === value.kind);
  return isKnown ? (value as ProbeResult) : undefined;
}
