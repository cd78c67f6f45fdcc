import { joinFragments, MAX_NAL_BYTES, splitAggregate } from './h264-depacketizer.ts';

const AGGREGATE = 48;
const FRAGMENT = 49;

/**
 * Takes NAL units out of RTP payloads: single units, AP, FU (RFC 7798 §4.4). Streams with decoding order numbers
 * (`sprop-max-don-diff` > 0) are not understood; no camera is known to send them.
 */
export class H265Depacketizer {
  #fragments: Uint8Array[] = [];
  #fragmentBytes = 0;

  /** The same contract as that of H264Depacketizer. */
  push(payload: Uint8Array): Uint8Array[] {
    const first = payload[0];
    const second = payload[1];
    if (first === undefined || second === undefined || payload.length < 3) return [];
    const type = (first >> 1) & 0x3f;
    if (type === FRAGMENT) return this.#pushFragment(payload, first, second);
    this.reset();
    if (type === AGGREGATE) return splitAggregate(payload, 2);
    return type < AGGREGATE ? [payload] : [];
  }

  /** Forgets an unfinished unit, after a lost packet. */
  reset(): void {
    this.#fragments = [];
    this.#fragmentBytes = 0;
  }

  #pushFragment(payload: Uint8Array, first: number, second: number): Uint8Array[] {
    const header = payload[2] ?? 0;
    if (payload.length < 4) return [];
    if ((header & 0x80) !== 0) {
      this.reset();
      this.#add(Uint8Array.of((first & 0x81) | ((header & 0x3f) << 1), second));
    } else if (this.#fragments.length === 0) return [];
    this.#add(payload.subarray(3));
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
