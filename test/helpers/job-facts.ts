import type { CameraStatus, PipelineStatus } from '../../src/contract/job-messages.ts';
import type { JobSpec, PipelineSettings } from '../../src/contract/job-spec.ts';

const DELAY = { p50: 10, p95: 20 };

/** A camera that runs well. */
export function aCameraStatus(overrides: Partial<CameraStatus> = {}): CameraStatus {
  return {
    phase: 'running',
    reason: '',
    client: 'direct',
    codec: 'h264',
    widthPx: 1280,
    heightPx: 720,
    fps: 25,
    framesReceived: 100,
    framesDropped: 1,
    reconnects: 0,
    ...overrides,
  };
}

/** A job process that runs well. */
export function aPipelineStatus(overrides: Partial<PipelineStatus> = {}): PipelineStatus {
  return {
    phase: 'running',
    cameras: [aCameraStatus(), aCameraStatus()],
    fps: 25,
    dropped: {},
    skewMs: DELAY,
    delayMs: { decode: DELAY, pair: DELAY, compose: DELAY, encode: DELAY, total: DELAY },
    geometry: {
      origin: 'network',
      version: 1,
      confidence: 0.9,
      overlap: 0.4,
      rate: 4,
      grid: { rows: 8, cols: 8 },
      reason: '',
      networkMs: { spatial: 40 },
    },
    provider: 'cpu',
    cadence: { mode: 'live', updatesPerSecond: 8, comparisonsPerSecond: 1.5 },
    providerFallbacks: [],
    load: { level: 0, reason: '' },
    output: { widthPx: 1600, heightPx: 720, bitrateKbps: 4000 },
    memoryMb: 120,
    ...overrides,
  };
}

/** A valid job. */
export function aJobSpec(overrides: Partial<JobSpec> = {}): JobSpec {
  return {
    id: '7k3m9x2b4q',
    url1: 'rtsp://127.0.0.1:7001/left',
    url2: 'rtsp://127.0.0.1:7001/right',
    pushUrls: [],
    path: 'live',
    name: undefined,
    model: 'lite',
    width: 1280,
    fps: undefined,
    bitrateKbps: 4000,
    encoder: 'libx264',
    syncOffsetMs: 0,
    transport: 'tcp',
    ingest: 'auto',
    fill: 'black',
    outputWidth: undefined,
    outputHeight: undefined,
    maxOutputWidth: 2560,
    geometry: undefined,
    restart: 'never',
    swap: false,
    ...overrides,
  };
}

/** Settings as a default configuration gives them. */
export function somePipelineSettings(overrides: Partial<PipelineSettings> = {}): PipelineSettings {
  return {
    modelDir: 'models',
    providers: ['cpu'],
    deviceId: undefined,
    inferenceThreads: 1,
    composeWorkers: 1,
    inferenceBudget: 0.35,
    maxSkewMs: undefined,
    stallTimeoutMs: 4000,
    connectTimeoutMs: 10_000,
    alignTimeoutMs: 5000,
    ffmpegPath: 'ffmpeg',
    encoderPreset: 'superfast',
    logLevel: 'info',
    sourcePolicy: { allow: ['loopback'], ownPorts: [] },
    ...overrides,
  };
}
