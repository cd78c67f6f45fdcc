import { SafeUrl } from '../common/safe-url.ts';
import type { CameraStatus, PipelineStatus } from '../contract/job-messages.ts';
import type { JobSpec } from '../contract/job-spec.ts';
import { OUTPUT_PROTOCOLS } from './dto/address.validator.ts';
import type { JobState } from './job-state.ts';

/** One address that is pushed to. */
export interface PushView {
  /** Password hidden. */
  readonly url: string;
  readonly state: string;
  /** Plain words; empty while all is well. */
  readonly reason: string;
}

/** Addresses under which the panorama can be played. */
export interface AddressBase {
  /** Host for others, IPv6 without brackets. */
  readonly host: string;
  /** `http` or `https`, host and port of the API as the caller reaches it. */
  readonly httpOrigin: string;
  readonly rtspPort: number;
}

/** What an answer about a job is made of. */
export interface JobFacts {
  readonly spec: JobSpec;
  readonly state: JobState;
  readonly status: PipelineStatus | undefined;
  readonly createdMs: number;
  readonly pushes: readonly PushView[];
  readonly viewers: Readonly<Record<string, number>>;
}

const masked = (url: string): string => SafeUrl.parse(url, OUTPUT_PROTOCOLS).toString();

/** A job as the API shows it (docs/api.md); every address has its password hidden. */
export function jobView(facts: JobFacts, base: AddressBase): object {
  const { spec, state, status } = facts;
  return {
    id: spec.id,
    name: spec.name ?? null,
    state: state.phase,
    reasons: state.reasons,
    failure: state.failure ?? null,
    created_at: new Date(facts.createdMs).toISOString(),
    restarts: state.restarts,
    url1: masked(spec.url1),
    url2: masked(spec.url2),
    path: spec.path,
    outputs: outputAddresses(spec, facts.pushes, base),
    viewers: facts.viewers,
    settings: settingsView(spec),
    figures: status === undefined ? null : figuresView(status),
  };
}

function outputAddresses(spec: JobSpec, pushes: readonly PushView[], base: AddressBase): object {
  const host = base.host.includes(':') ? `[${base.host}]` : base.host;
  return {
    rtsp: `rtsp://${host}:${base.rtspPort}/${spec.path}`,
    flv: `${base.httpOrigin}/live/${spec.path}.flv`,
    page: `${base.httpOrigin}/view/${spec.path}`,
    whep: `${base.httpOrigin}/whep/${spec.path}`,
    pushes,
  };
}

function settingsView(spec: JobSpec): object {
  return {
    model: spec.model,
    width: spec.width,
    fps: spec.fps ?? null,
    bitrate_kbps: spec.bitrateKbps,
    encoder: spec.encoder,
    sync_offset_ms: spec.syncOffsetMs,
    transport: spec.transport,
    ingest: spec.ingest,
    fill: spec.fill,
    output_width: spec.outputWidth ?? null,
    output_height: spec.outputHeight ?? null,
    max_output_width: spec.maxOutputWidth,
    geometry: spec.geometry?.kind ?? null,
    restart: spec.restart,
    swap: spec.swap,
  };
}

function figuresView(status: PipelineStatus): object {
  const { geometry, output } = status;
  return {
    phase: status.phase,
    fps: status.fps,
    dropped: status.dropped,
    skew_ms: status.skewMs,
    delay_ms: status.delayMs,
    cameras: status.cameras.map(cameraView),
    geometry: {
      origin: geometry.origin,
      version: geometry.version,
      confidence: rounded(geometry.confidence, 3),
      overlap: rounded(geometry.overlap, 3),
      rate: geometry.rate,
      grid: geometry.grid ?? null,
      reason: geometry.reason,
      network_ms: Object.fromEntries(
        Object.entries(geometry.networkMs).map(([network, ms]) => [network, rounded(ms, 1)]),
      ),
    },
    provider: status.provider,
    cadence: {
      mode: status.cadence.mode,
      updates_per_second: status.cadence.updatesPerSecond,
      comparisons_per_second: status.cadence.comparisonsPerSecond,
    },
    provider_fallbacks: status.providerFallbacks,
    load: status.load,
    output:
      output === undefined
        ? null
        : { width: output.widthPx, height: output.heightPx, bitrate_kbps: output.bitrateKbps },
    memory_mb: status.memoryMb,
  };
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

function cameraView(camera: CameraStatus): object {
  return {
    phase: camera.phase,
    reason: camera.reason,
    client: camera.client,
    codec: camera.codec ?? null,
    width: camera.widthPx ?? null,
    height: camera.heightPx ?? null,
    fps: camera.fps,
    frames_received: camera.framesReceived,
    frames_dropped: camera.framesDropped,
    reconnects: camera.reconnects,
  };
}
