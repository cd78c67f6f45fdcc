import { withDeadline } from '../../common/deadline.ts';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { JobEvent } from '../../contract/job-messages.ts';

type Reply = Extract<JobEvent, { kind: 'reply' }>;

/** Questions that wait at the same time; one more is refused. */
const MAX_PENDING = 64;

/** Questions to a job process that wait for their answer. */
export class PendingReplies {
  readonly #waiting = new Map<number, (reply: Reply | undefined) => void>();
  #nextId = 1;

  /**
   * @param send sends the question with its id
   * @throws SeamlineError the one in the reply; `timeout`; `too-many-requests` when too many wait
   */
  async ask(send: (id: number) => void, timeoutMs: number, what: string): Promise<unknown> {
    if (this.#waiting.size >= MAX_PENDING) {
      throw new SeamlineError('too-many-requests', 'too many questions to this job wait for an answer');
    }
    const id = this.#nextId;
    this.#nextId += 1;
    const answered = new Promise<Reply | undefined>((resolve) => this.#waiting.set(id, resolve));
    send(id);
    try {
      const reply = await withDeadline(answered, timeoutMs, what);
      if (reply === undefined)
        throw new SeamlineError('timeout', `${what} got no answer: the job process is not running`);
      if (reply.ok) return reply.value;
      throw SeamlineError.fromProblem(reply.problem);
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** A reply nobody waits for any more is dropped. */
  settle(reply: Reply): void {
    this.#waiting.get(reply.id)?.(reply);
  }

  /** The process is gone: no answer will come. */
  abandon(): void {
    for (const resolve of this.#waiting.values()) resolve(undefined);
  }
}
