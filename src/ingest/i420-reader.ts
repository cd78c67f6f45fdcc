import type { FrameWriter } from '../contract/frame-ring.ts';

/** Cuts a stream of raw pictures of one size into slots of a ring. A picture for which there is no slot is read and lost. */
export class I420Reader {
  readonly #frameBytes: number;
  readonly #acquire: () => FrameWriter | undefined;
  readonly #onFrame: (writer: FrameWriter | undefined) => void;
  #writer: FrameWriter | undefined;
  #filled = 0;

  /**
   * @param acquire gives a slot at the first byte of each picture
   * @param onFrame receives each complete picture, or undefined for one that had no slot
   */
  constructor(
    frameBytes: number,
    acquire: () => FrameWriter | undefined,
    onFrame: (writer: FrameWriter | undefined) => void,
  ) {
    this.#frameBytes = frameBytes;
    this.#acquire = acquire;
    this.#onFrame = onFrame;
  }

  /** Takes the next bytes, in any cut. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#filled === 0) this.#writer = this.#acquire();
      const count = Math.min(chunk.length - at, this.#frameBytes - this.#filled);
      this.#writer?.bytes.set(chunk.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === this.#frameBytes) this.#finish();
    }
  }

  /** Gives the slot of an unfinished picture back. */
  close(): void {
    this.#writer?.abandon();
    this.#writer = undefined;
    this.#filled = 0;
  }

  #finish(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#filled = 0;
    this.#onFrame(writer);
  }
}
