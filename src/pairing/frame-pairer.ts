import type { Frame } from '../contract/frame-ring.ts';
import { FrameInterval } from './frame-interval.ts';

/** Two frames to be shown together, one hold of each for the receiver. */
export interface FramePair {
  readonly reference: Frame;
  readonly target: Frame;
  /** Capture time of the target, sync offset added, minus that of the reference, µs. */
  readonly skewUs: number;
  /** When the pair was made, µs of the job's clock. */
  readonly pairedUs: number;
  /** The target frame is too far away in time: none came that would fit. */
  readonly targetIsHeld: boolean;
  /** The reference camera gives no frames: the target drives and the last reference frame is shown again. */
  readonly referenceIsHeld: boolean;
}

/** What pairing is told. */
export interface FramePairerOptions {
  /** Largest skew of a pair that does not count as held; half the longer frame interval and a quarter of it for jitter by default. */
  readonly maxSkewUs?: number;
  /** Added to the capture times of the target camera, µs. */
  readonly syncOffsetUs?: number;
  /** Most frames that wait on each side without a sync offset; 2 by default. */
  readonly queueFrames?: number;
  /** Most frames that wait on the side that a sync offset holds back; 8 by default. The ring must have the slots. */
  readonly maxQueueFrames?: number;
  /** Receives each pair and its two holds. */
  readonly onPair: (pair: FramePair) => void;
}

/** Counts since the start. */
export interface FramePairerStats {
  readonly pairs: number;
  /** Pairs with a target frame that did not fit. */
  readonly heldTargets: number;
  /** Pairs with the last frame of a reference camera that gives none. */
  readonly heldReferences: number;
  /** Reference frames that gave no pair. */
  readonly droppedReferences: number;
  /** Target frames that never were in a pair. */
  readonly droppedTargets: number;
}

interface Waiting {
  readonly frame: Frame;
  readonly deadlineUs: number;
}

interface Candidate {
  readonly frame: Frame;
  isUsed: boolean;
}

/** What a frame may be late beyond half an interval before it is no longer waited for: decoding and network jitter. */
const JITTER_US = 40_000;
/** Longest half interval that is waited for; slower cameras are held instead. */
const LONGEST_HALF_INTERVAL_US = 50_000;
/** A camera counts as silent after three intervals, but not before this. */
const SHORTEST_SILENCE_US = 200_000;

/**
 * Pairs the frames of two cameras by capture time. The reference camera drives: each of its frames gets the nearest
 * target frame, as soon as no nearer one can come, at the latest when its deadline passes.
 * Pure: time comes in with each call. Owns a hold of every frame it keeps.
 */
export class FramePairer {
  readonly #options: FramePairerOptions;
  readonly #waiting: Waiting[] = [];
  readonly #candidates: Candidate[] = [];
  readonly #intervals = { reference: new FrameInterval(), target: new FrameInterval() };
  readonly #counts = { pairs: 0, heldTargets: 0, heldReferences: 0, droppedReferences: 0, droppedTargets: 0 };
  #lastReference: Frame | undefined;
  #referenceSeenUs: number | undefined;
  #targetSeenUs: number | undefined;
  #syncOffsetUs: number;
  #isClosed = false;

  constructor(options: FramePairerOptions) {
    this.#options = options;
    this.#syncOffsetUs = options.syncOffsetUs ?? 0;
  }

  get stats(): FramePairerStats {
    return { ...this.#counts };
  }

  /** When `tick` must be called at the latest, µs of the job's clock; undefined while nothing waits. */
  get nextDeadlineUs(): number | undefined {
    return this.#waiting[0]?.deadlineUs;
  }

  /** @param us added to the capture times of the target camera from now on */
  setSyncOffset(us: number): void {
    this.#syncOffsetUs = us;
  }

  /** Takes over the frame's hold. Makes the pairs that are possible now. */
  offer(frame: Frame, nowUs: number): void {
    if (this.#isClosed) {
      frame.release();
      return;
    }
    if (frame.camera === 0) this.#offerReference(frame, nowUs);
    else this.#offerTarget(frame, nowUs);
    this.tick(nowUs);
  }

  /** Makes the pairs whose deadline has passed. */
  tick(nowUs: number): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const nearest = this.#nearest(first.frame);
      const isDue = nowUs >= first.deadlineUs || this.#isSilent('target', nowUs);
      if (!isDue && (nearest === undefined || !this.#isSettled(first.frame))) return;
      this.#waiting.shift();
      if (nearest === undefined) this.#counts.droppedReferences += 1;
      else this.#pair(first.frame, nearest, nowUs);
      this.#keepReference(first.frame);
    }
  }

  /** Gives all holds back, for example because frames of another size come from now on. */
  forget(): void {
    for (const { frame } of this.#waiting.splice(0)) frame.release();
    for (const { frame } of this.#candidates.splice(0)) frame.release();
    this.#lastReference?.release();
    this.#lastReference = undefined;
  }

  /** Gives all holds back; frames offered later are released at once. */
  close(): void {
    this.#isClosed = true;
    this.forget();
  }

  #offerReference(frame: Frame, nowUs: number): void {
    this.#intervals.reference.add(frame.captureUs);
    this.#referenceSeenUs = nowUs;
    const halfUs = Math.min(this.#intervals.target.us / 2, LONGEST_HALF_INTERVAL_US);
    const waitUs = halfUs + JITTER_US + Math.max(0, -this.#syncOffsetUs);
    this.#waiting.push({ frame, deadlineUs: nowUs + waitUs });
    // The oldest goes: with a frame of the target it is still shown, without one nothing is lost.
    while (this.#waiting.length > this.#capacity(-this.#syncOffsetUs, this.#intervals.reference.us)) {
      const oldest = this.#waiting.shift();
      const nearest = oldest === undefined ? undefined : this.#nearest(oldest.frame);
      if (oldest !== undefined && nearest !== undefined) this.#pair(oldest.frame, nearest, nowUs);
      else this.#counts.droppedReferences += 1;
      if (oldest !== undefined) this.#keepReference(oldest.frame);
    }
  }

  #offerTarget(frame: Frame, nowUs: number): void {
    this.#intervals.target.add(frame.captureUs);
    this.#targetSeenUs = nowUs;
    const candidate = { frame, isUsed: false };
    this.#candidates.push(candidate);
    // One more than may wait: the frame shown last stays until a newer one fits better.
    while (this.#candidates.length > this.#capacity(this.#syncOffsetUs, this.#intervals.target.us) + 1) {
      this.#dropCandidate();
    }
    if (this.#lastReference === undefined || this.#waiting.length > 0 || !this.#isSilent('reference', nowUs)) return;
    this.#counts.heldReferences += 1;
    this.#emit(this.#lastReference, candidate, nowUs, true);
    while (this.#candidates[0] !== candidate) this.#dropCandidate();
  }

  #capacity(heldBackUs: number, intervalUs: number): number {
    const { queueFrames = 2, maxQueueFrames = 8 } = this.#options;
    const more = Math.ceil(Math.max(0, heldBackUs) / intervalUs);
    return Math.max(queueFrames, Math.min(maxQueueFrames, queueFrames + more));
  }

  #isSilent(camera: 'reference' | 'target', nowUs: number): boolean {
    const seenUs = camera === 'reference' ? this.#referenceSeenUs : this.#targetSeenUs;
    // A camera that never gave a frame may give its first one any moment.
    return seenUs !== undefined && nowUs - seenUs > Math.max(3 * this.#intervals[camera].us, SHORTEST_SILENCE_US);
  }

  #skewUs(reference: Frame, target: Frame): number {
    return target.captureUs + this.#syncOffsetUs - reference.captureUs;
  }

  #nearest(reference: Frame): Candidate | undefined {
    let nearest: Candidate | undefined;
    for (const candidate of this.#candidates) {
      const skewUs = Math.abs(this.#skewUs(reference, candidate.frame));
      if (nearest === undefined || skewUs <= Math.abs(this.#skewUs(reference, nearest.frame))) nearest = candidate;
    }
    return nearest;
  }

  /** True when the next target frame, one interval after the newest, cannot be nearer. */
  #isSettled(reference: Frame): boolean {
    const newest = this.#candidates.at(-1);
    return newest !== undefined && this.#skewUs(reference, newest.frame) >= -this.#intervals.target.us / 2;
  }

  #pair(reference: Frame, candidate: Candidate, nowUs: number): void {
    this.#emit(reference, candidate, nowUs, false);
    while (this.#candidates[0] !== candidate) this.#dropCandidate();
  }

  #emit(reference: Frame, candidate: Candidate, nowUs: number, referenceIsHeld: boolean): void {
    const target = candidate.frame;
    const longerUs = Math.max(this.#intervals.reference.us, this.#intervals.target.us);
    const maxSkewUs = this.#options.maxSkewUs ?? longerUs * 0.75;
    const skewUs = this.#skewUs(reference, target);
    const targetIsHeld = !referenceIsHeld && Math.abs(skewUs) > maxSkewUs;
    this.#counts.pairs += 1;
    if (targetIsHeld) this.#counts.heldTargets += 1;
    candidate.isUsed = true;
    reference.retain();
    target.retain();
    this.#options.onPair({ reference, target, skewUs, pairedUs: nowUs, targetIsHeld, referenceIsHeld });
  }

  #dropCandidate(): void {
    const candidate = this.#candidates.shift();
    if (candidate === undefined) return;
    if (!candidate.isUsed) this.#counts.droppedTargets += 1;
    candidate.frame.release();
  }

  /** Takes over the waiting frame's hold. */
  #keepReference(frame: Frame): void {
    this.#lastReference?.release();
    this.#lastReference = frame;
  }
}
