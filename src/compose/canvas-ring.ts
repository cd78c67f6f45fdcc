import type { Size } from '../contract/pixels.ts';
import { i420Bytes } from '../contract/pixels.ts';
import type { SharedMemoryPlan } from '../contract/memory-plan.ts';

/** One canvas of the ring. */
export interface Canvas {
  /** I420 in the shared memory. */
  readonly byteOffset: number;
  readonly bytes: Uint8Array;
  /** Takes one more hold. @throws Error when nobody holds it */
  retain(): void;
  /** Gives one hold back; the canvas is free after the last. @throws Error when released too often */
  release(): void;
}

class RingCanvas implements Canvas {
  readonly byteOffset: number;
  readonly bytes: Uint8Array;
  holds = 0;

  constructor(byteOffset: number, bytes: Uint8Array) {
    this.byteOffset = byteOffset;
    this.bytes = bytes;
  }

  retain(): void {
    if (this.holds === 0) throw new Error('a free canvas cannot be retained');
    this.holds += 1;
  }

  release(): void {
    if (this.holds === 0) throw new Error('a canvas was released too often');
    this.holds -= 1;
  }
}

/** A fixed set of canvases, so that readers can take their time while the next panorama is drawn. */
export class CanvasRing {
  readonly #canvases: RingCanvas[] = [];

  constructor(memory: SharedMemoryPlan, size: Size, count: number) {
    const bytes = i420Bytes(size);
    for (let index = 0; index < count; index += 1) {
      const offset = memory.allocate(bytes);
      this.#canvases.push(new RingCanvas(offset, new Uint8Array(memory.memory.buffer, offset, bytes)));
    }
  }

  /** Canvases nobody holds. */
  get free(): number {
    return this.#canvases.filter((canvas) => canvas.holds === 0).length;
  }

  /** A free canvas with one hold, or undefined when all are held. */
  acquire(): Canvas | undefined {
    const canvas = this.#canvases.find((candidate) => candidate.holds === 0);
    if (canvas !== undefined) canvas.holds = 1;
    return canvas;
  }
}
