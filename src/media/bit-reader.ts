/** Reads bits of a raw byte sequence payload from the front (H.264 §7.2, §9.1). Bits past the end read as 0 and set `isPastEnd`. */
export class BitReader {
  readonly #data: Uint8Array;
  #bit = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  /** True when more bits were read than there are: the values since then mean nothing. */
  get isPastEnd(): boolean {
    return this.#bit > this.#data.length * 8;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** @param count 0 … 32 */
  bits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      const byte = this.#data[this.#bit >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#bit & 7))) & 1);
      this.#bit += 1;
    }
    return value;
  }

  skip(count: number): void {
    this.#bit += count;
  }

  /** Unsigned Exp-Golomb code, `ue(v)`. */
  ue(): number {
    let zeros = 0;
    while (zeros < 32 && !this.isPastEnd && !this.flag()) zeros += 1;
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Signed Exp-Golomb code, `se(v)`. */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
