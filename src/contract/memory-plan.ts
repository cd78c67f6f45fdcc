import { FRAME_ALIGNMENT, GUARD_BYTES } from './frame-ring.ts';

/** Bytes of one WebAssembly page. */
const PAGE_BYTES = 65_536;

/** Declared maximum of the shared memory in pages (1 GiB); modules and memory must name the same. */
export const MAXIMUM_PAGES = 16_384;

/** Hands out parts of one shared memory from bottom to top; nothing is given back before the job ends. */
export class SharedMemoryPlan {
  readonly memory: WebAssembly.Memory;
  #nextByte = GUARD_BYTES;

  /** A memory of one guard at each end; it grows with what is allocated. */
  constructor() {
    this.memory = new WebAssembly.Memory({
      initial: (2 * GUARD_BYTES) / PAGE_BYTES,
      maximum: MAXIMUM_PAGES,
      shared: true,
    });
  }

  /**
   * @returns byte offset of `bytes` zeroed bytes, aligned to FRAME_ALIGNMENT. Growing makes a new `memory.buffer`;
   * views on the older one stay valid but end where it ended.
   * @throws RangeError when 1 GiB is exceeded
   */
  allocate(bytes: number): number {
    const offset = this.#nextByte;
    const end = Math.ceil((offset + bytes) / FRAME_ALIGNMENT) * FRAME_ALIGNMENT;
    const missing = end + GUARD_BYTES - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.#nextByte = end;
    return offset;
  }
}
