import { readU16 } from './packet.ts';

/** Largest NAL unit that is put together, in bytes: far above any camera's key frame. */
export const MAX_NAL_BYTES = 4 * 1024 * 1024;

const STAP_A = 24;
const FU_A = 28;

/** Takes NAL units out of RTP payloads: single units, STAP-A, FU-A (RFC 6184 §5.6 to 5.8, packetization modes 0 and 1). */
export class H264Depacketizer {
  #fragments: Uint8Array[] = [];
  #fragmentBytes = 0;

  /**
   * @param payload of the next packet in order
   * @returns the units it completes; single ones are views on the payload. What cannot be read gives none.
   */
  push(payload: Uint8Array): Uint8Array[] {
    const first = payload[0];
    if (first === undefined) return [];
    const type = first & 0x1f;
    if (type === FU_A) return this.#pushFragment(payload, first);
    this.reset();
    if (type === STAP_A) return splitAggregate(payload, 1);
    return type >= 1 && type < STAP_A ? [payload] : [];
  }

  /** Forgets an unfinished unit, after a lost packet. */
  reset(): void {
    this.#fragments = [];
    this.#fragmentBytes = 0;
  }

  #pushFragment(payload: Uint8Array, indicator: number): Uint8Array[] {
    const header = payload[1];
    if (header === undefined || payload.length < 3) return [];
    if ((header & 0x80) !== 0) {
      this.reset();
      this.#add(Uint8Array.of((indicator & 0xe0) | (header & 0x1f)));
    } else if (this.#fragments.length === 0) return [];
    this.#add(payload.subarray(2));
    if (this.#fragmentBytes > MAX_NAL_BYTES) this.reset();
    if ((header & 0x40) === 0 || this.#fragments.length === 0) return [];
    const nal = joinFragments(this.#fragments, this.#fragmentBytes);
    this.reset();
    return [nal];
  }

  #add(part: Uint8Array): void {
    this.#fragments.push(part);
    this.#fragmentBytes += part.length;
  }
}

/** Units with a 16-bit length before each, from `from` on; a length past the end ends the list. */
export function splitAggregate(payload: Uint8Array, from: number): Uint8Array[] {
  const nals: Uint8Array[] = [];
  let at = from;
  while (at + 2 < payload.length) {
    const end = at + 2 + readU16(payload, at);
    if (end > payload.length) break;
    if (end > at + 2) nals.push(payload.subarray(at + 2, end));
    at = end;
  }
  return nals;
}

/** The parts one after another in a new buffer. */
export function joinFragments(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const nal = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    nal.set(part, at);
    at += part.length;
  }
  return nal;
}
