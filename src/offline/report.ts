import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { once } from 'node:events';
import type { Report, ReportFrame } from '../contract/report.ts';
import type { CanvasGeometry } from '../contract/warp-state.ts';
import { meshRows } from '../geometry/manual-geometry.ts';

/** What a report says before its frames. */
export type ReportHead = Omit<Report, 'frames'>;

/** What a frame's entry is made of beside its geometry. */
export interface ReportFrameFacts {
  readonly index: number;
  readonly sourceIndex: readonly [number, number];
  readonly ptsUs: number;
  readonly confidence: number;
  readonly overlap: number;
  readonly provider: string;
}

/** Digits of control points, 1/10 000 px, and of shares. */
const DIGITS = 4;

/** One frame's entry of REPORT.json. */
export function reportFrame(facts: ReportFrameFacts, geometry: CanvasGeometry): ReportFrame {
  const { grid } = geometry;
  return {
    index: facts.index,
    source_index: facts.sourceIndex,
    pts_us: facts.ptsUs,
    geometry: geometry.origin,
    confidence: Number(facts.confidence.toFixed(DIGITS)),
    overlap: Number(facts.overlap.toFixed(DIGITS)),
    providers: [facts.provider],
    reference: meshRows(geometry.reference, grid, DIGITS),
    target: meshRows(geometry.target, grid, DIGITS),
    raw_reference: meshRows(geometry.rawReference, grid, DIGITS),
    raw_target: meshRows(geometry.rawTarget, grid, DIGITS),
  };
}

/** Writes REPORT.json frame by frame, one line each; the file appears under its name when it is whole. */
export class ReportWriter {
  readonly #path: string;
  readonly #stream: WriteStream;
  #isFirst = true;
  #isDone = false;

  /** Opens `PATH.part`. */
  constructor(path: string, head: ReportHead) {
    this.#path = path;
    this.#stream = createWriteStream(`${path}.part`);
    // A failed write shows in `add` or `finish`.
    this.#stream.on('error', () => undefined);
    this.#stream.write(`${JSON.stringify(head).slice(0, -1)},"frames":[`);
  }

  /** Adds a frame; waits while the disk is behind. @throws Error when the file cannot be written */
  async add(frame: ReportFrame): Promise<void> {
    if (this.#stream.errored !== null) throw this.#stream.errored;
    const text = `${this.#isFirst ? '\n' : ',\n'}${JSON.stringify(frame)}`;
    this.#isFirst = false;
    if (!this.#stream.write(text)) await once(this.#stream, 'drain');
  }

  /** Ends the report and gives it its name. @throws Error when the file cannot be written */
  async finish(): Promise<void> {
    this.#isDone = true;
    this.#stream.end('\n]}\n');
    await finished(this.#stream);
    await rename(`${this.#path}.part`, this.#path);
  }

  /** Removes an unfinished report. Safe to call at any time. */
  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#stream.destroy();
    await rm(`${this.#path}.part`, { force: true });
  }
}
