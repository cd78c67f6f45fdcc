import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GeometryOrigin, MeshGrid, PlaneGeometry } from '../contract/warp-state.ts';

/** What the first pass found out about one pair. */
export interface LoggedPair {
  readonly sourceIndex: readonly [number, number];
  readonly ptsUs: number;
  /** 0 … 1, of this very pair. */
  readonly confidence: number;
  readonly overlap: number;
  /** Undefined when the networks gave nothing usable for this pair. */
  readonly geometry: PlaneGeometry | undefined;
}

/** Numbers before the meshes: source indices, time, confidence, overlap, whether there are meshes. */
const HEADER = 6;
const MESHES = ['reference', 'target', 'rawReference', 'rawTarget'] as const;

/**
 * Geometries of a whole clip in a temporary file, 8 kB for each frame: an hour of video does not have to fit into
 * memory. Written in order, then read in order.
 */
export class GeometryLog {
  readonly #folder: string;
  readonly #file: FileHandle;
  readonly #grid: MeshGrid;
  readonly #meshLength: number;
  #count = 0;
  #isClosed = false;

  private constructor(folder: string, file: FileHandle, grid: MeshGrid) {
    this.#folder = folder;
    this.#file = file;
    this.#grid = grid;
    this.#meshLength = 2 * (grid.rows + 1) * (grid.cols + 1);
  }

  /** @param grid of every geometry */
  static async create(grid: MeshGrid): Promise<GeometryLog> {
    const folder = await mkdtemp(join(tmpdir(), 'seamline-'));
    return new GeometryLog(folder, await open(join(folder, 'geometries'), 'w+', 0o600), grid);
  }

  /** Pairs written. */
  get count(): number {
    return this.#count;
  }

  async append(pair: LoggedPair): Promise<void> {
    const numbers = new Float64Array(HEADER + 4 * this.#meshLength);
    numbers.set([...pair.sourceIndex, pair.ptsUs, pair.confidence, pair.overlap, pair.geometry === undefined ? 0 : 1]);
    if (pair.geometry !== undefined) {
      for (const [index, name] of MESHES.entries()) numbers.set(pair.geometry[name], HEADER + index * this.#meshLength);
    }
    await this.#file.write(new Uint8Array(numbers.buffer), 0, numbers.byteLength, this.#count * numbers.byteLength);
    this.#count += 1;
  }

  /** @param index 0 … count − 1 */
  async read(index: number): Promise<LoggedPair> {
    const numbers = new Float64Array(HEADER + 4 * this.#meshLength);
    const bytes = new Uint8Array(numbers.buffer);
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, index * bytes.length);
    if (bytesRead !== bytes.length) throw new RangeError(`pair ${index} is not in the log`);
    const [i = 0, j = 0, ptsUs = 0, confidence = 0, overlap = 0, isThere = 0] = numbers;
    const mesh = (at: number): Float64Array =>
      numbers.slice(HEADER + at * this.#meshLength, HEADER + (at + 1) * this.#meshLength);
    const geometry = {
      grid: this.#grid,
      reference: mesh(0),
      target: mesh(1),
      rawReference: mesh(2),
      rawTarget: mesh(3),
      confidence,
      overlap,
    };
    return { sourceIndex: [i, j], ptsUs, confidence, overlap, geometry: isThere === 1 ? geometry : undefined };
  }

  /** Removes the file. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What is drawn for a pair: its own geometry, the last one before it, or the first one that follows. */
export interface ChosenGeometry {
  readonly geometry: PlaneGeometry | undefined;
  readonly origin: GeometryOrigin;
}

/** Goes through a log in order and fills its gaps. */
export class GeometryChooser {
  #held: PlaneGeometry | undefined;

  /** @param first the first geometry of the clip, or undefined when there is none at all */
  constructor(first: PlaneGeometry | undefined) {
    this.#held = first;
  }

  choose(pair: LoggedPair): ChosenGeometry {
    if (pair.geometry !== undefined) {
      this.#held = pair.geometry;
      return { geometry: pair.geometry, origin: 'network' };
    }
    return this.#held === undefined
      ? { geometry: undefined, origin: 'side-by-side' }
      : { geometry: this.#held, origin: 'held' };
  }
}
