/** Characters of a header name (RFC 2326 §15.1 `token`). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What may not stand in a header value: it would begin a header of its own. */
// oxlint-disable-next-line no-control-regex -- control characters are exactly what is refused here
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Header fields of one RTSP message, in their order; names are compared without regard to case (RFC 2326 §4.2). */
export class RtspHeaders {
  readonly #fields: { name: string; value: string }[] = [];

  /** @param fields names and values to begin with */
  constructor(fields: Readonly<Record<string, string>> = {}) {
    for (const [name, value] of Object.entries(fields)) this.append(name, value);
  }

  /** Whether the pair may stand in a header at all. */
  static canHold(name: string, value: string): boolean {
    return TOKEN.test(name) && !CONTROL.test(value);
  }

  /** The first value under the name, or undefined. */
  get(name: string): string | undefined {
    const key = name.toLowerCase();
    return this.#fields.find((field) => field.name.toLowerCase() === key)?.value;
  }

  /** Every value under the name, in the order of the message; a list inside one value is not split. */
  getAll(name: string): string[] {
    const key = name.toLowerCase();
    return this.#fields.filter((field) => field.name.toLowerCase() === key).map((field) => field.value);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Replaces every value under the name. @throws RangeError for a name or value that cannot stand in a header */
  set(name: string, value: string): this {
    const key = name.toLowerCase();
    const kept = this.#fields.filter((field) => field.name.toLowerCase() !== key);
    this.#fields.splice(0, this.#fields.length, ...kept);
    return this.append(name, value);
  }

  /** Adds one more field. @throws RangeError for a name or value that cannot stand in a header */
  append(name: string, value: string): this {
    if (!TOKEN.test(name)) throw new RangeError('a header name has characters that are not allowed');
    if (CONTROL.test(value)) throw new RangeError(`the value of ${name} has control characters`);
    this.#fields.push({ name, value });
    return this;
  }

  /** Names as they were written, with their values, in order. */
  entries(): [string, string][] {
    return this.#fields.map(({ name, value }) => [name, value]);
  }
}
