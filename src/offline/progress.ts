/** A stage of the work, as it is shown. */
export type ProgressStage = 'aligning' | 'drawing';

const BAR_CELLS = 24;
/** A terminal is refreshed this often; anything else gets a line this often. */
const TERMINAL_MS = 100;
const LINE_MS = 10_000;

/** Where progress is written. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Seconds as 9 s, 2:05 or 1:02:05. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/**
 * A progress bar with the time left, on one line of a terminal or as a line now and then. Both stages go over all
 * frames; the time of the second is guessed as a quarter of the first until it has begun.
 */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #nowMs: () => number;
  #stage: ProgressStage = 'aligning';
  #stageMs: number;
  #shownMs = -Infinity;
  #hasLine = false;

  constructor(output: ProgressOutput, nowMs: () => number = () => performance.now()) {
    this.#output = output;
    this.#nowMs = nowMs;
    this.#stageMs = nowMs();
  }

  /** @param done frames finished of this stage @param total frames in all, or undefined when not known */
  show(stage: ProgressStage, done: number, total: number | undefined): void {
    const nowMs = this.#nowMs();
    if (stage !== this.#stage) {
      this.#stage = stage;
      this.#stageMs = nowMs;
      this.#shownMs = -Infinity;
    }
    const isTerminal = this.#output.isTTY === true;
    const isLast = total !== undefined && done >= total;
    if (!isLast && nowMs - this.#shownMs < (isTerminal ? TERMINAL_MS : LINE_MS)) return;
    this.#shownMs = nowMs;
    const text = this.#text(done, total, nowMs);
    this.#output.write(isTerminal ? `\r${text}\u001b[K` : `${text}\n`);
    this.#hasLine = isTerminal;
  }

  #text(done: number, total: number | undefined, nowMs: number): string {
    if (total === undefined || total === 0) return `${this.#stage} frame ${done}`;
    const share = Math.min(1, done / total);
    const cells = Math.round(share * BAR_CELLS);
    const bar = `${'#'.repeat(cells)}${'.'.repeat(BAR_CELLS - cells)}`;
    const left = done === 0 ? '' : `, ${formatSeconds(this.#secondsLeft(share, nowMs))} left`;
    return `${this.#stage} [${bar}] ${done} of ${total}${left}`;
  }

  #secondsLeft(share: number, nowMs: number): number {
    const spentMs = nowMs - this.#stageMs;
    const leftMs = (spentMs * (1 - share)) / share;
    const wholeMs = spentMs / share;
    return (leftMs + (this.#stage === 'aligning' ? wholeMs / 4 : 0)) / 1000;
  }

  /** Ends the line of a terminal, so that other text starts on a new one. */
  end(): void {
    if (this.#hasLine) this.#output.write('\n');
    this.#hasLine = false;
  }
}
