import type { Clock } from '../common/clock.ts';
import { ticksToUs } from '../common/ticks.ts';
import type { StreamHub } from '../egress/stream-hub.ts';
import type { Clip } from './clip.ts';

/** How often due pictures are looked for. */
const TICK_MS = 4;
/** Pictures that are later than this are passed over, as a camera would. */
const LATE_US = 500_000;

/** Plays clips in an endless loop into hubs, all from one start, as cameras that are in step. */
export class ClipCameras {
  readonly #cameras: readonly { readonly clip: Clip; readonly hub: StreamHub }[];
  readonly #clock: Clock;
  readonly #next: number[];
  #startUs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(cameras: readonly { clip: Clip; hub: StreamHub }[], clock: Clock) {
    this.#cameras = cameras;
    this.#clock = clock;
    this.#next = cameras.map(() => 0);
  }

  start(): void {
    this.#startUs = this.#clock.nowUs();
    for (const { clip, hub } of this.#cameras) hub.publish({ kind: 'format', format: clip.format });
    this.#timer = setInterval(() => this.#play(), TICK_MS);
  }

  #play(): void {
    const elapsedUs = this.#clock.nowUs() - this.#startUs;
    this.#cameras.forEach(({ clip, hub }, camera) => {
      for (;;) {
        const count = this.#next[camera] ?? 0;
        const unit = clip.units[count % clip.units.length];
        if (unit === undefined) return;
        const ptsTicks = unit.ptsTicks + Math.floor(count / clip.units.length) * clip.durationTicks;
        const dueUs = ticksToUs(ptsTicks);
        if (dueUs > elapsedUs) return;
        this.#next[camera] = count + 1;
        if (elapsedUs - dueUs > LATE_US && !unit.isKeyframe) continue;
        const nowUs = this.#startUs + elapsedUs;
        const times = { capturedUs: nowUs, decodedUs: 0, pairedUs: 0, composedUs: 0, encodedUs: nowUs };
        hub.publish({ kind: 'access-unit', unit: { data: unit.data, ptsTicks, isKeyframe: unit.isKeyframe, times } });
      }
    });
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
