import type { CodecRules } from './video-codec.ts';

/** One coded picture of a camera. */
export interface CodedPicture {
  /** In the camera's order, without access unit delimiters and filler. */
  readonly nals: readonly Uint8Array[];
  /** 32-bit RTP timestamp. */
  readonly timestamp: number;
  readonly isKeyframe: boolean;
  /** Packets of it were lost. */
  readonly isDamaged: boolean;
}

/** Largest coded picture, in bytes and in NAL units; what goes beyond is a fault or an attack. */
const MAX_PICTURE_BYTES = 8 * 1024 * 1024;
const MAX_PICTURE_NALS = 1024;

/**
 * Puts NAL units together to coded pictures. A picture ends with the packet that has the marker bit, with the next
 * timestamp, or where another picture begins. Parameter sets alone never make a picture: they wait for its slices.
 */
export class AccessUnitAssembler {
  readonly #rules: CodecRules;
  #nals: Uint8Array[] = [];
  #bytes = 0;
  #timestamp = 0;
  #hasSlice = false;
  #isDamaged = false;
  #markerEndsPicture = true;
  #closedAt: number | undefined;

  constructor(rules: CodecRules) {
    this.#rules = rules;
  }

  /**
   * @param nals of one packet, possibly none
   * @param marker the packet's marker bit
   * @param isAfterLoss true when packets before this one are missing
   * @returns pictures that are complete now
   */
  push(nals: readonly Uint8Array[], timestamp: number, marker: boolean, isAfterLoss: boolean): CodedPicture[] {
    const done: CodedPicture[] = [];
    if (this.#hasSlice && timestamp !== this.#timestamp) this.#close(done);
    this.#timestamp = timestamp;
    this.#isDamaged ||= isAfterLoss;
    for (const nal of nals) this.#add(nal, done);
    // TP-Link cameras set the marker on parameter sets too: a picture without slices would be closed here.
    if (marker && this.#hasSlice && this.#markerEndsPicture) {
      this.#close(done);
      this.#closedAt = timestamp;
    }
    return done;
  }

  #add(nal: Uint8Array, done: CodedPicture[]): void {
    if (this.#rules.isIdle(nal)) return;
    if (this.#rules.isSlice(nal)) {
      const isFirst = this.#rules.isFirstSlice(nal);
      if (isFirst && this.#hasSlice) this.#close(done);
      if (!isFirst && !this.#hasSlice) {
        // The marker came with every slice, not only with the last: from now on the next timestamp ends a picture.
        if (this.#closedAt === this.#timestamp && !this.#isDamaged) this.#markerEndsPicture = false;
        this.#isDamaged = true;
      }
      this.#hasSlice = true;
    }
    this.#nals.push(nal);
    this.#bytes += nal.length;
    if (this.#bytes > MAX_PICTURE_BYTES || this.#nals.length > MAX_PICTURE_NALS) this.reset();
  }

  /** Forgets what is unfinished. */
  reset(): void {
    this.#nals = [];
    this.#bytes = 0;
    this.#hasSlice = false;
    this.#isDamaged = true;
  }

  #close(done: CodedPicture[]): void {
    const isKeyframe = this.#rules.isRandomAccess(this.#nals);
    done.push({ nals: this.#nals, timestamp: this.#timestamp, isKeyframe, isDamaged: this.#isDamaged });
    this.#nals = [];
    this.#bytes = 0;
    this.#hasSlice = false;
    this.#isDamaged = false;
  }
}
