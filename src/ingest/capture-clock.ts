import { TimestampUnwrapper, wrappedDistance } from '../common/ticks.ts';

/** When a picture was taken, and its time on the 90 kHz clock of this connection. */
export interface PictureTime {
  /** µs of the job's clock. */
  readonly captureUs: number;
  /** Never negative; in the order of presentation, so not rising when there are B frames. */
  readonly ptsTicks: number;
}

/** Room below the first picture for B frames that precede it. */
const FIRST_PTS_TICKS = 900_000;
/** The smallest delay is looked for in two windows of this length. */
const WINDOW_US = 5_000_000;
/** A connection's first seconds may bring a burst of older pictures: the base falls without slewing. */
const SETTLING_US = 3_000_000;
/** How fast the base follows afterwards, µs per µs: far above any drift, too slow to be seen. */
const SLEW = 0.05;
/** A step of the camera's clock against ours is a new clock. */
const JUMP_US = 1_000_000;
/** So many pictures of one timestamp mean that the camera has no clock at all. */
const STANDSTILL_PICTURES = 5;
/** Largest difference to our clock at which a camera's wall clock is believed. */
const PLAUSIBLE_US = 500_000;

/**
 * Maps the RTP times of one camera to the job's clock: a picture was taken when it arrived, less what the network added.
 * The offset is the smallest delay of the last seconds; it is slewed, never stepped, once the connection has settled.
 */
export class CaptureClock {
  readonly #clockRate: number;
  readonly #unwrapper = new TimestampUnwrapper();
  #lastTimestamp = 0;
  #lastMediaUs: number | undefined;
  #correctionUs = 0;
  #firstMediaUs = 0;
  #firstArrivalUs = 0;
  #lastArrivalUs = 0;
  #standstill = 0;
  #offsetUs = 0;
  #windowStartUs = 0;
  #windowMinUs = Infinity;
  #previousMinUs = Infinity;
  #wallOffsetUs: number | undefined;

  /** @param clockRate of the RTP timestamps, Hz */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /**
   * @param timestamp 32-bit RTP timestamp of the next picture in decoding order
   * @param arrivalUs when its last packet came, µs of the job's clock
   * @param usesWallClock whether the base is the camera's wall clock (see `noteSenderReport`)
   */
  note(timestamp: number, arrivalUs: number, usesWallClock: boolean): PictureTime {
    const mediaBeforeUs = this.#lastMediaUs ?? -Infinity;
    const mediaUs = this.#mediaTime(timestamp, arrivalUs);
    const delayUs = arrivalUs - mediaUs;
    const leastUs = this.#leastDelay(delayUs, arrivalUs);
    const goalUs = usesWallClock && this.#wallOffsetUs !== undefined ? this.#wallOffsetUs : leastUs;
    if (arrivalUs - this.#firstArrivalUs <= SETTLING_US) this.#offsetUs = goalUs;
    else {
      // Pictures that come in a burst after a pause are no further apart for that.
      const stepUs = SLEW * Math.min(arrivalUs - this.#lastArrivalUs, Math.abs(mediaUs - mediaBeforeUs));
      this.#offsetUs += Math.max(-stepUs, Math.min(stepUs, goalUs - this.#offsetUs));
    }
    this.#lastArrivalUs = arrivalUs;
    const ptsTicks = FIRST_PTS_TICKS + Math.round(((mediaUs - this.#firstMediaUs) * 9) / 100);
    return { captureUs: Math.round(mediaUs + this.#offsetUs), ptsTicks: Math.max(0, ptsTicks) };
  }

  /**
   * Takes the wall clock of a sender report.
   * @param wallAsJobUs the report's wall time, expressed on the job's clock by this machine's wall clock, µs
   * @returns whether the camera's wall clock agrees with this machine's
   */
  noteSenderReport(rtpTimestamp: number, wallAsJobUs: number): boolean {
    if (this.#lastMediaUs === undefined) return false;
    const aheadUs = (wrappedDistance(rtpTimestamp, this.#lastTimestamp) * 1e6) / this.#clockRate;
    const offsetUs = wallAsJobUs - (this.#lastMediaUs + aheadUs);
    const isPlausible = Math.abs(offsetUs - Math.min(this.#windowMinUs, this.#previousMinUs)) < PLAUSIBLE_US;
    this.#wallOffsetUs = isPlausible ? offsetUs : undefined;
    return isPlausible;
  }

  /** The picture's time on the camera's clock, without wraps, jumps and standstills, µs. */
  #mediaTime(timestamp: number, arrivalUs: number): number {
    const rawUs = (this.#unwrapper.unwrap(timestamp) * 1e6) / this.#clockRate;
    const lastUs = this.#lastMediaUs;
    let mediaUs = rawUs + this.#correctionUs;
    if (lastUs === undefined) {
      this.#firstMediaUs = mediaUs;
      this.#firstArrivalUs = arrivalUs;
      this.#windowStartUs = arrivalUs;
      this.#lastArrivalUs = arrivalUs;
    } else {
      const stepUs = mediaUs - lastUs;
      const passedUs = arrivalUs - this.#lastArrivalUs;
      this.#standstill = stepUs === 0 ? this.#standstill + 1 : 0;
      const isJump = Math.abs(stepUs) > JUMP_US && Math.abs(stepUs - passedUs) > JUMP_US;
      if (isJump || this.#standstill >= STANDSTILL_PICTURES) {
        this.#correctionUs += passedUs - stepUs;
        mediaUs = lastUs + passedUs;
      }
    }
    this.#lastTimestamp = timestamp;
    this.#lastMediaUs = mediaUs;
    return mediaUs;
  }

  #leastDelay(delayUs: number, arrivalUs: number): number {
    if (arrivalUs - this.#windowStartUs > WINDOW_US) {
      this.#previousMinUs = this.#windowMinUs;
      this.#windowMinUs = Infinity;
      this.#windowStartUs = arrivalUs;
    }
    this.#windowMinUs = Math.min(this.#windowMinUs, delayUs);
    return Math.min(this.#windowMinUs, this.#previousMinUs);
  }
}
