import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { NetworkSession } from './runtime/session.ts';

/** Path of the control points of one view: what was measured and what was shown, newest last. */
interface Path {
  readonly raw: Float64Array[];
  readonly shown: Float64Array[];
}

/**
 * Smooths paths of control points without looking ahead (models-default, section 5): inputs `raw` (the window) and
 * `prev` (own outputs before), output `out`. One object per view.
 */
export class SmoothNet {
  readonly #session: NetworkSession;
  readonly #window: number;
  readonly #points: number;
  readonly #unit: number;
  #path: Path = { raw: [], shown: [] };

  /** @param networkPxPerPx what one pixel of the paths is in pixels of the network's frame */
  constructor(session: NetworkSession, manifest: BundleManifest, networkPxPerPx: number) {
    this.#session = session;
    this.#window = manifest.window;
    this.#points = (manifest.grid.rows + 1) * (manifest.grid.cols + 1);
    this.#unit = networkPxPerPx;
  }

  get lastMs(): number {
    return this.#session.lastMs;
  }

  /** Forgets the path; the next position counts as having been there for the whole window. */
  reset(): void {
    this.#path = { raw: [], shown: [] };
  }

  /**
   * @param position newest measured positions of all control points, pixels from any origin
   * @returns what is to be added to them, pixels
   */
  async correction(position: Float64Array): Promise<Float64Array> {
    const { raw, shown } = this.#path;
    const started = raw.length === 0;
    while (raw.length < this.#window) raw.push(position);
    if (!started) {
      raw.push(position);
      raw.shift();
    }
    while (shown.length < this.#window - 1) shown.push(position);
    const { out } = await this.#session.run({
      raw: this.#planes(raw, position),
      prev: this.#planes(shown, position),
    });
    const correction = new Float64Array(position.length);
    for (let point = 0; point < this.#points; point += 1) {
      correction[point * 2] = out![point]! / this.#unit;
      correction[point * 2 + 1] = out![this.#points + point]! / this.#unit;
    }
    const before = shown.at(-1)!;
    const now = position.map((value, index) => within(value + correction[index]!, before[index]!, raw, index));
    shown.push(now);
    shown.shift();
    return now.map((value, index) => value - position[index]!);
  }

  /** Axis, time, point, from the newest position: single precision then suffices however far a camera has turned. */
  #planes(frames: readonly Float64Array[], origin: Float64Array): Float32Array {
    const planes = new Float32Array(2 * frames.length * this.#points);
    for (const [time, frame] of frames.entries()) {
      for (let point = 0; point < this.#points; point += 1) {
        for (const axis of [0, 1]) {
          const at = point * 2 + axis;
          planes[(axis * frames.length + time) * this.#points + point] = (frame[at]! - origin[at]!) * this.#unit;
        }
      }
    }
    return planes;
  }
}

/**
 * A smoothed coordinate, held between where it was and where the measured ones of the window are: so it never leaves
 * the range that the path has had, and follows a turn without overshoot.
 */
function within(value: number, before: number, raw: readonly Float64Array[], index: number): number {
  let [low, high] = [before, before];
  for (const position of raw) {
    low = Math.min(low, position[index]!);
    high = Math.max(high, position[index]!);
  }
  return Math.min(high, Math.max(low, value));
}
