import { type JobCommand, type JobEvent, parseJobCommand } from '../contract/job-messages.ts';

/** The job process's end of the control channel to the API process (Node's IPC). */
export class JobChannel {
  readonly #onGone: () => void;
  #unknown = 0;

  /** @param onGone called once when the API process is gone or has closed the channel */
  constructor(onCommand: (command: JobCommand) => void, onGone: () => void) {
    if (process.send === undefined) throw new Error('a job process must be forked by the server');
    this.#onGone = onGone;
    process.on('message', (message: unknown) => {
      const command = parseJobCommand(message);
      if (command === undefined) this.#unknown += 1;
      else onCommand(command);
    });
    process.once('disconnect', () => this.#onGone());
  }

  /** Messages that were no command, since the start. */
  get unknown(): number {
    return this.#unknown;
  }

  /** Sends an event; resolves when it was handed over or the channel is closed. */
  send(event: JobEvent): Promise<void> {
    return new Promise((resolve) => {
      if (process.send === undefined || !process.connected) resolve();
      else process.send(event, () => resolve());
    });
  }
}
