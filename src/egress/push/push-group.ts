import type { Publisher, PushStatus } from './publisher.ts';

/** Every push of one job. */
export class PushGroup {
  readonly #publishers: readonly Publisher[];
  readonly #onClosed: (group: PushGroup) => void;

  constructor(publishers: readonly Publisher[], onClosed: (group: PushGroup) => void) {
    this.#publishers = publishers;
    this.#onClosed = onClosed;
    for (const publisher of publishers) publisher.start();
  }

  /** Where each push stands, in the order of the job's addresses. */
  status(): readonly PushStatus[] {
    return this.#publishers.map((publisher) => publisher.status());
  }

  /** Ends every push in order. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all(this.#publishers.map((publisher) => publisher.close()));
    this.#onClosed(this);
  }
}
