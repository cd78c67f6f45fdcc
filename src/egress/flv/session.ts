import type { Writable } from 'node:stream';
import type { AccessUnit, StreamFormat } from '../../contract/access-unit.ts';
import { flvFileHeader, flvMetadataTag, flvPictureTag, flvSequenceTag } from '../../media/flv/flv-writer.ts';
import type { EgressProtocol, StreamReader } from '../stream-reader.ts';

/** What a session is made of. */
export interface FlvSessionOptions {
  readonly protocol: EgressProtocol;
  /** Who reads, for the log; no secret. */
  readonly name: string;
  /** Where the bytes go: an HTTP answer or the input of a program. Its owner closes it. */
  readonly output: Writable;
  /** Bytes that may wait in this process for a slow reader. */
  readonly maxQueuedBytes: number;
  /** Called once when the stream is over or the reader was given up. */
  readonly onEnd: (reason: string) => void;
}

/** Writes a stream as FLV, with times that begin at 0 for each reader. */
export class FlvSession implements StreamReader {
  readonly protocol: EgressProtocol;
  readonly name: string;
  readonly #options: FlvSessionOptions;
  #firstTicks: number | undefined;
  #format: StreamFormat | undefined;
  #hasFileHeader = false;

  constructor(options: FlvSessionOptions) {
    this.protocol = options.protocol;
    this.name = options.name;
    this.#options = options;
  }

  onFormat(format: StreamFormat): void {
    this.#format = format;
  }

  onUnit(unit: AccessUnit): void {
    this.#firstTicks ??= unit.ptsTicks;
    const timestampMs = Math.round((unit.ptsTicks - this.#firstTicks) / 90);
    const { output } = this.#options;
    if (!this.#hasFileHeader) output.write(flvFileHeader());
    this.#hasFileHeader = true;
    if (this.#format !== undefined) {
      // A restarted job may have other parameter sets: decoders take new ones in the middle of a stream.
      output.write(flvMetadataTag(this.#format, timestampMs));
      output.write(flvSequenceTag(this.#format, timestampMs));
      this.#format = undefined;
    }
    output.write(flvPictureTag(unit.data, unit.isKeyframe, timestampMs));
  }

  isFull(): boolean {
    return this.#options.output.writableLength > this.#options.maxQueuedBytes;
  }

  onEnd(reason: string): void {
    this.#options.onEnd(reason);
  }
}
