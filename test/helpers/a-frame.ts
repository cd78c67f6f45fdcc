import type { Frame } from '../../src/contract/frame-ring.ts';
import type { CameraIndex } from '../../src/contract/pixels.ts';

/** A frame without pixels whose holds can be counted. */
export interface CountedFrame extends Frame {
  readonly holds: number;
}

/** A frame with one hold. Times in µs. */
export function aFrame(camera: CameraIndex, captureUs: number, decodedUs = captureUs): CountedFrame {
  let holds = 1;
  return {
    camera,
    captureUs,
    decodedUs,
    size: { widthPx: 2, heightPx: 2 },
    byteOffset: 0,
    bytes: new Uint8Array(6),
    get holds() {
      return holds;
    },
    retain: () => {
      if (holds === 0) throw new Error('a free slot cannot be retained');
      holds += 1;
    },
    release: () => {
      if (holds === 0) throw new Error('a slot was released too often');
      holds -= 1;
    },
  };
}
