/** When the picture of an access unit passed each stage, µs of the job's clock. Zero where a stage does not apply. */
export interface StageTimes {
  /** Capture time of the older view. */
  readonly capturedUs: number;
  readonly decodedUs: number;
  readonly pairedUs: number;
  readonly composedUs: number;
  readonly encodedUs: number;
}

/** One encoded picture of the panorama, baseline H.264 without B frames: presentation and decode order are one. */
export interface AccessUnit {
  /** NAL units in AVCC form: 4-byte big-endian length before each. No access unit delimiter; key frames carry SPS and PPS. */
  readonly data: Uint8Array;
  /** 90 kHz, rising from one unit to the next, never wrapped. */
  readonly ptsTicks: number;
  readonly isKeyframe: boolean;
  readonly times: StageTimes;
}

/** What a reader must know before the first picture. Constant for a job until it is restarted. */
export interface StreamFormat {
  readonly codec: 'h264';
  /** NAL unit of the sequence parameter set, without start code. */
  readonly sps: Uint8Array;
  /** NAL unit of the picture parameter set, without start code. */
  readonly pps: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Nominal frame rate. */
  readonly fps: number;
}

/** What leaves a job process on its pipe of encoded data. */
export type StreamItem =
  | { readonly kind: 'format'; readonly format: StreamFormat }
  | { readonly kind: 'access-unit'; readonly unit: AccessUnit };
