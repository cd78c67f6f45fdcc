import { writeSync } from 'node:fs';

/** How long a reader that is behind is waited for, ms, and in which steps. */
const PATIENCE_MS = 50;
const STEP_MS = 5;

/** Lines that nobody can read since they could not be written. */
export interface LogLoss {
  /** Since the start. */
  readonly lostLines: number;
  /** The last line could not be written. */
  readonly isLosing: boolean;
}

/**
 * A file descriptor that lines are written to, at once and whole. When it takes none (the disk is full, or a pipe that does not block is)
 * lines are lost and counted, and the process goes on; the count is written as soon as there is room.
 */
export class LogOutput implements LogLoss {
  readonly #fd: number;
  readonly #pause = new Int32Array(new SharedArrayBuffer(4));
  /** Lost since the last line that was written, and before. */
  #lost = 0;
  #lostBefore = 0;
  /** A line was cut off: the next one begins with a line break. */
  #isCut = false;

  /** @param fd standard output by default */
  constructor(fd = 1) {
    this.#fd = fd;
  }

  get lostLines(): number {
    return this.#lostBefore + this.#lost;
  }

  get isLosing(): boolean {
    return this.#lost > 0;
  }

  /** Writes one line with its line break. Never throws. */
  write(line: string): void {
    if (this.#lost > 0) {
      const time = new Date().toISOString();
      const told = { level: 'warn', time, count: this.#lost, msg: 'log lines were lost' };
      if (!this.#writeWhole(`${JSON.stringify(told)}\n`)) {
        this.#lost += 1;
        return;
      }
      this.#lostBefore += this.#lost;
      this.#lost = 0;
    }
    if (!this.#writeWhole(line)) this.#lost += 1;
  }

  #writeWhole(line: string): boolean {
    const bytes = Buffer.from(this.#isCut ? `\n${line}` : line);
    // One that did not read before is not waited for again.
    const patienceMs = this.#lost > 0 ? 0 : PATIENCE_MS;
    let at = 0;
    for (let waitedMs = 0; at < bytes.length;) {
      try {
        at += writeSync(this.#fd, bytes, at);
      } catch (error) {
        // What cannot be logged cannot be told in the log either; only a reader that is slow is worth a wait.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || waitedMs >= patienceMs) {
          this.#isCut ||= at > 0;
          return false;
        }
        Atomics.wait(this.#pause, 0, 0, STEP_MS);
        waitedMs += STEP_MS;
      }
    }
    this.#isCut = false;
    return true;
  }
}
