import { SeamlineError } from '../common/seamline-error.ts';
import { NoOpenCv, type Baselines } from './baselines.ts';
import type { EvaluationCase } from './cases.ts';
import { bareRow, type Evaluated } from './evaluate-case.ts';

/** What no further case would survive either. */
const FATAL: readonly string[] = ['model-invalid', 'config-invalid', 'ffmpeg-missing'];

const isFatal = (error: SeamlineError): boolean => error instanceof NoOpenCv || FATAL.includes(error.type);

const NO_PICTURE = { widthPx: 0, heightPx: 0, rgb: new Uint8Array(0) };

/** An evaluated case without pictures. */
export function withoutPictures(row: Evaluated['row']): Evaluated {
  return { row, left: NO_PICTURE, right: NO_PICTURE, ours: undefined, baseline: undefined };
}

/** What is kept of a case that failed, so that one bad file does not cost a whole evaluation. */
export class FailedCases {
  readonly #baselines: Baselines | undefined;
  readonly #signal: AbortSignal;

  constructor(baselines: Baselines | undefined, signal: AbortSignal) {
    this.#baselines = baselines;
    this.#signal = signal;
  }

  /**
   * @param error what the case threw
   * @throws error again when it came from Ctrl-C, from a mistake in this program, or would come in every case
   */
  async keep(one: EvaluationCase, error: unknown): Promise<Evaluated> {
    // Numbers that leave an equation without a solution (RangeError) are one bundle's answer to one pair.
    const isOfCase = error instanceof RangeError || (error instanceof SeamlineError && !isFatal(error));
    if (this.#signal.aborted || !isOfCase) throw error;
    // Whatever a baseline can do with this pair still counts against us; where it fails too there is nothing to compare.
    const isPair = one.kind === 'pair';
    const baselines = isPair ? await this.#baselines?.find(one.left, one.right).catch(() => undefined) : undefined;
    const failure = error.message.trim() || error.name;
    return withoutPictures(bareRow(one, { accepted: false, confidence: 0, reason: '', failure }, baselines));
  }
}
