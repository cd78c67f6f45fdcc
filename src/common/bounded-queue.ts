/** What a full queue does with a new item. */
export type DropPolicy = 'drop-oldest' | 'drop-newest';

/** First in, first out, never longer than its capacity; counts what it drops and hands it to `onDrop` for release. */
export class BoundedQueue<T> {
  readonly capacity: number;
  readonly #policy: DropPolicy;
  readonly #onDrop: ((item: T) => void) | undefined;
  readonly #items: T[] = [];
  #dropped = 0;

  constructor(capacity: number, policy: DropPolicy, onDrop?: (item: T) => void) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError('capacity must be a positive integer');
    this.capacity = capacity;
    this.#policy = policy;
    this.#onDrop = onDrop;
  }

  get size(): number {
    return this.#items.length;
  }

  /** How many items were dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @returns false when the new item itself was dropped */
  push(item: T): boolean {
    if (this.#items.length === this.capacity) {
      this.#dropped += 1;
      if (this.#policy === 'drop-newest') {
        this.#onDrop?.(item);
        return false;
      }
      const oldest = this.#items.shift();
      if (oldest !== undefined) this.#onDrop?.(oldest);
    }
    this.#items.push(item);
    return true;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  shift(): T | undefined {
    return this.#items.shift();
  }

  /** Empties the queue; the items go to `onDrop` and are not counted as dropped. */
  clear(): void {
    for (const item of this.#items.splice(0)) this.#onDrop?.(item);
  }
}
