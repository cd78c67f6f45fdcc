import type { Clock } from '../common/clock.ts';

/**
 * Gives all who ask at the same time, or shortly after one another, the same answer: what costs something is done once
 * for everybody. An error is not kept.
 */
export class SharedAnswer<T> {
  readonly #clock: Clock;
  readonly #validUs: number;
  readonly #answers = new Map<string, { readonly answer: Promise<T>; readonly untilUs: number }>();

  /** @param validMs how old an answer may be, counted from when it was asked for */
  constructor(clock: Clock, validMs: number) {
    this.#clock = clock;
    this.#validUs = validMs * 1000;
  }

  /** The answer for this key; `ask` is called when there is none that is fresh or under way. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const nowUs = this.#clock.nowUs();
    for (const [old, { untilUs }] of this.#answers) if (untilUs <= nowUs) this.#answers.delete(old);
    const known = this.#answers.get(key);
    if (known !== undefined) return known.answer;
    const entry = { answer: ask(), untilUs: nowUs + this.#validUs };
    this.#answers.set(key, entry);
    entry.answer.catch(() => {
      if (this.#answers.get(key) === entry) this.#answers.delete(key);
    });
    return entry.answer;
  }
}
