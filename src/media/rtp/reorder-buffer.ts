import { sequenceDistance, type RtpPacket } from './packet.ts';

/** Most packets that wait for a missing one. */
const MAX_HELD = 64;
/** Longest wait for a missing packet; a frame that comes later than the next one is of no use. */
const MAX_WAIT_US = 40_000;
/** A jump of more than this is a source that began anew (RFC 3550 §A.1: MAX_DROPOUT). */
const RESTART_DISTANCE = 3000;

/** Puts the packets of one source back into order, as UDP needs it. Gives a missing packet up after 40 ms or 64 packets. */
export class ReorderBuffer {
  readonly #held = new Map<number, { readonly packet: RtpPacket; readonly sinceUs: number }>();
  #expected: number | undefined;

  /** @param nowUs any monotonic clock. @returns packets that are due, in order; late and doubled ones never */
  push(packet: RtpPacket, nowUs: number): RtpPacket[] {
    this.#expected ??= packet.sequence;
    const ahead = sequenceDistance(packet.sequence, this.#expected);
    if (Math.abs(ahead) > RESTART_DISTANCE) {
      this.#held.clear();
      this.#expected = packet.sequence;
    } else if (ahead < 0 || this.#held.has(packet.sequence)) return [];
    this.#held.set(packet.sequence, { packet, sinceUs: nowUs });
    const due = this.#takeRun();
    while (this.#held.size > 0 && this.#isOverdue(nowUs)) {
      this.#expected = this.#lowest();
      due.push(...this.#takeRun());
    }
    return due;
  }

  #takeRun(): RtpPacket[] {
    const run: RtpPacket[] = [];
    while (this.#expected !== undefined) {
      const next = this.#held.get(this.#expected);
      if (next === undefined) break;
      this.#held.delete(this.#expected);
      run.push(next.packet);
      this.#expected = (this.#expected + 1) & 0xffff;
    }
    return run;
  }

  #isOverdue(nowUs: number): boolean {
    if (this.#held.size >= MAX_HELD) return true;
    const [first] = this.#held.values();
    return first !== undefined && nowUs - first.sinceUs >= MAX_WAIT_US;
  }

  #lowest(): number {
    const expected = this.#expected ?? 0;
    return [...this.#held.keys()].reduce((lowest, sequence) =>
      sequenceDistance(sequence, expected) < sequenceDistance(lowest, expected) ? sequence : lowest,
    );
  }
}
