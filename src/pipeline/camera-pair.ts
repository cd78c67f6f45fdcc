import type { CameraStatus } from '../contract/job-messages.ts';
import type { CameraIndex } from '../contract/pixels.ts';
import type { CameraSource } from '../ingest/camera-source.ts';
import { statusOf } from './camera-status.ts';

/** What a pair of cameras works with. */
export interface CameraPairOptions {
  /** Which camera feeds which view at the start; true: `url2` is the reference view. */
  readonly isSwapped: boolean;
  /** A source for a view, not started yet. @param camera of the request: 0 `url1`, 1 `url2` */
  readonly open: (view: CameraIndex, camera: CameraIndex) => CameraSource;
  /** The cameras were closed and opened for each other's view; frames come later. */
  readonly onExchanged: () => void;
}

/** Both cameras of a job and which of them feeds which view. Exchanges happen one after the other. */
export class CameraPair {
  readonly #options: CameraPairOptions;
  readonly #views: CameraSource[] = [];
  #isSwapped: boolean;
  /** The order that is open, undefined before the start. */
  #opened: boolean | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: CameraPairOptions) {
    this.#options = options;
    this.#isSwapped = options.isSwapped;
  }

  /** The source of each view: reference, target; none before the start and while they are exchanged. */
  get views(): readonly CameraSource[] {
    return this.#views;
  }

  /** True while `url2` is the reference view, or is to be it at the start. */
  get isSwapped(): boolean {
    return this.#opened ?? this.#isSwapped;
  }

  /** States in the order of the request: `url1`, `url2`. */
  status(): readonly [CameraStatus, CameraStatus] {
    const [first, second] = this.isSwapped ? this.#views.toReversed() : this.#views;
    return [statusOf(first), statusOf(second)];
  }

  /** Opens both. */
  start(): void {
    if (this.#isClosed) return;
    this.#opened = this.#isSwapped;
    for (const view of [0, 1] as const) {
      const source = this.#options.open(view, this.#isSwapped ? otherOf(view) : view);
      this.#views.push(source);
      source.start();
    }
  }

  /**
   * Has the cameras in this order from now on. Both connect anew, unless they are not open yet or the order is theirs.
   * Of several calls at once the last one wins.
   */
  swap(isSwapped: boolean): Promise<void> {
    this.#isSwapped = isSwapped;
    const turn = this.#turn.then(() => this.#exchange());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #exchange(): Promise<void> {
    if (this.#opened === undefined || this.#opened === this.#isSwapped || this.#isClosed) return;
    await Promise.all(this.#views.splice(0).map((source) => source.close()));
    if (this.#isClosed) return;
    // A later call may have asked for the old order meanwhile; then they are only opened again.
    const isOther = this.#opened !== this.#isSwapped;
    this.start();
    if (isOther) this.#options.onExchanged();
  }

  /** Closes both; none is opened afterwards. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#views.map((source) => source.close()), this.#turn]);
  }
}

function otherOf(view: CameraIndex): CameraIndex {
  return view === 0 ? 1 : 0;
}
