import type { CodedPicture } from '../media/access-unit-assembler.ts';
import { codecRules, type CodecRules, type VideoCodec } from '../media/video-codec.ts';
import type { VideoParameters } from '../media/video-parameters.ts';

const ORDER = ['vps', 'sps', 'pps'] as const;
/** Parameter sets of one kind that are kept; cameras use one, the standard allows more. */
const MAX_SETS_PER_KIND = 4;

/**
 * Decides which coded pictures a decoder gets: none before the first sound key frame, and with that one the parameter
 * sets it does not bring itself. Keeps the newest sets, those of the session description first.
 */
export class PictureFeed {
  readonly #rules: CodecRules;
  readonly #sets: Record<(typeof ORDER)[number], Uint8Array[]> = { vps: [], sps: [], pps: [] };
  #parameters: VideoParameters | undefined;
  #isStarted = false;
  #skipped = 0;

  /** @param parameterSets of the session description */
  constructor(codec: VideoCodec, parameterSets: readonly Uint8Array[]) {
    this.#rules = codecRules(codec);
    for (const nal of parameterSets) this.#keep(nal);
  }

  /** Size and more of the newest sequence parameter set, or undefined before one is known. */
  get parameters(): VideoParameters | undefined {
    return this.#parameters;
  }

  /** Pictures that were left out. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Leaves pictures out up to the next key frame: the decoder is behind, or is a new one. */
  restart(): void {
    this.#isStarted = false;
  }

  /** @returns what the decoder is to get for this picture, or undefined when it is to be left out */
  next(picture: CodedPicture): readonly Uint8Array[] | undefined {
    for (const nal of picture.nals) this.#keep(nal);
    if (this.#isStarted) return picture.nals;
    if (!picture.isKeyframe || picture.isDamaged || this.#parameters === undefined) {
      this.#skipped += 1;
      return undefined;
    }
    this.#isStarted = true;
    const brought = new Set(picture.nals.map((nal) => this.#rules.parameterSet(nal)));
    const missing = ORDER.filter((kind) => !brought.has(kind)).flatMap((kind) => this.#sets[kind]);
    return [...missing, ...picture.nals];
  }

  #keep(nal: Uint8Array): void {
    const kind = this.#rules.parameterSet(nal);
    if (kind === undefined) return;
    const sets = this.#sets[kind];
    if (sets.some((known) => isSame(known, nal))) return;
    if (kind === 'sps') {
      const parameters = this.#rules.parseSequence(nal);
      if (parameters === undefined) return;
      this.#parameters = parameters;
      // A new sequence makes the pictures' sets of the old one senseless.
      sets.length = 0;
    }
    sets.push(nal.slice());
    if (sets.length > MAX_SETS_PER_KIND) sets.shift();
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
