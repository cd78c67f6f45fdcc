import type { Frame } from '../contract/frame-ring.ts';
import type { Size } from '../contract/pixels.ts';
import type { CanvasGeometry } from '../contract/warp-state.ts';
import { nodeGrid, stripLayout } from '../kernels/strip-layout.ts';
import { Backdrop } from './backdrop.ts';
import type { Canvas } from './canvas-ring.ts';
import { CanvasRing } from './canvas-ring.ts';
import type { ComposerOptions } from './composer-options.ts';
import { checkOptions, DEFAULT_FEATHER_PX } from './composer-options.ts';
import { GeometryFeed } from './geometry-feed.ts';
import { NODE_SCRATCH_BYTES } from './node-grid.ts';
import { openCellsOf } from './open-cells.ts';
import { type ViewDifference, viewDifference } from './view-difference.ts';
import { StripPool } from './strip-pool.ts';
import { BACKDROP, CANVAS, FRAMES_LEFT, GAINS, MEASURE, SOURCES, TARGET_NODES } from './strip-protocol.ts';
import type { ViewGain } from './view-gain.ts';
import { GAIN_WORDS, NEUTRAL_GAIN, writeGain } from './view-gain.ts';
import { warmUp } from './warm-up.ts';

/** What one panorama is drawn with beside its frames. */
export interface ComposeOptions {
  /** Gains of the reference and the target view; neutral ones cost nothing. */
  readonly gains?: readonly [ViewGain, ViewGain];
  /** True: compare both views in the overlap, about 0.3 ms; see Panorama.overlap. */
  readonly measureOverlap?: boolean;
}

/** One drawn panorama; its canvas is free again after the last release. */
export interface Panorama {
  /** I420, a view on the shared memory. */
  readonly bytes: Uint8Array;
  readonly byteOffset: number;
  readonly size: Size;
  /** Version of the geometry that is shown or moved towards. */
  readonly geometryVersion: number;
  /** Frames until that geometry is reached; 0: it is. */
  readonly framesLeft: number;
  /** Set when it was asked for and the views overlap. */
  readonly overlap: ViewDifference | undefined;
  /** Takes one more hold. */
  retain(): void;
  /** Gives one hold back. @throws Error when released too often */
  release(): void;
}

/** Warps and blends frame pairs into panoramas, in strip workers over the job's shared memory. */
export class Composer {
  readonly #options: ComposerOptions;
  readonly #ring: CanvasRing;
  readonly #pool: StripPool;
  readonly #feed: GeometryFeed;
  readonly #backdrop: Backdrop;
  /** Cells in which no view shows whole, of the geometry that is shown. */
  readonly #openCells: () => Uint8Array;
  #isBlurred = false;
  #geometryVersion: number | undefined;
  #framesLeft = 0;
  #isComposing = false;

  private constructor(
    options: ComposerOptions,
    parts: { ring: CanvasRing; pool: StripPool; feed: GeometryFeed; backdrop: Backdrop; openCells: () => Uint8Array },
  ) {
    this.#options = options;
    this.#ring = parts.ring;
    this.#pool = parts.pool;
    this.#feed = parts.feed;
    this.#backdrop = parts.backdrop;
    this.#openCells = parts.openCells;
  }

  /**
   * Allocates canvases and grids, starts the workers and draws a few pictures of nothing, because the engine's first
   * code for the kernels is slow.
   * @throws RangeError for sizes that cannot be drawn, or when the memory is full
   */
  static async create(options: ComposerOptions): Promise<Composer> {
    const { memory, kernels, canvas, views } = options;
    checkOptions(options);
    const grid = nodeGrid(canvas);
    const ring = new CanvasRing(memory, canvas, options.canvases);
    const slots = [0, 1, 2].map(() => memory.allocate(2 * grid.nodeBytes)) as [number, number, number];
    const layouts = Array.from({ length: options.workers }, () => memory.allocate(stripLayout(grid, 0).bytes));
    const shared = { memory: memory.memory, kernels, canvas, ...views };
    const scratch = memory.allocate(NODE_SCRATCH_BYTES);
    const pool = await StripPool.start({ ...shared, featherPx: options.featherPx ?? DEFAULT_FEATHER_PX }, layouts);
    const backdrop = new Backdrop(memory, canvas);
    await warmUp(pool, options, { ring, slot: slots[0], backdrop: backdrop.byteOffset });
    const feed = new GeometryFeed({ ...shared, scratch }, slots);
    // Every worker plans the whole canvas; the first one's plan is as good as any.
    const openCells = openCellsOf(memory, grid, layouts[0] ?? 0);
    return new Composer(options, { ring, pool, feed, backdrop, openCells });
  }

  /** Canvases that no reader holds; with none, `compose` cannot draw. */
  get freeCanvases(): number {
    return this.#ring.free;
  }

  /** Version of the geometry that is shown or moved towards, undefined before the first panorama. */
  get geometryVersion(): number | undefined {
    return this.#geometryVersion;
  }

  /**
   * Makes the geometry's node grids beside the hot path. From the next panorama on the picture moves there from what it
   * then shows, in equal steps over `transitionFrames` panoramas (0 or 1: at once; the first geometry always is).
   * Resolves when the grids are ready, or when a newer geometry came before it was this one's turn.
   * @throws RangeError when the geometry is for another canvas or a mesh is degenerate; the old one stays
   */
  async setGeometry(geometry: CanvasGeometry, transitionFrames: number): Promise<void> {
    const { canvas } = this.#options;
    if (geometry.canvas.widthPx !== canvas.widthPx || geometry.canvas.heightPx !== canvas.heightPx) {
      throw new RangeError('the geometry is for another canvas');
    }
    const values = 2 * (geometry.grid.rows + 1) * (geometry.grid.cols + 1);
    for (const mesh of [geometry.reference, geometry.target]) {
      if (mesh.length !== values) throw new RangeError('a mesh does not have the points of its grid');
      if (!mesh.every((value) => Number.isFinite(value)))
        throw new RangeError('a mesh holds a value that is no number');
    }
    await this.#feed.offer(geometry, Math.max(1, Math.round(transitionFrames)));
  }

  /** What shows where no view is, from the next panorama on: its own colours, blurred and darkened, or black. */
  setBlurred(isBlurred: boolean): void {
    if (isBlurred && !this.#isBlurred) this.#backdrop.reset();
    this.#isBlurred = isBlurred;
  }

  /**
   * Draws one pair. One call at a time. The frames are held until the panorama is drawn.
   * @throws Error before the first geometry, when no canvas is free, or when a worker is lost
   * @throws RangeError when a frame does not have its view's size
   */
  async compose(reference: Frame, target: Frame, options: ComposeOptions = {}): Promise<Panorama> {
    if (this.#isComposing) throw new Error('a panorama is being drawn already');
    this.#checkFrame(reference, this.#options.views.reference);
    this.#checkFrame(target, this.#options.views.target);
    this.#nextGeometry();
    const canvas = this.#ring.acquire();
    if (canvas === undefined) throw new Error('no canvas is free');
    this.#isComposing = true;
    reference.retain();
    target.retain();
    try {
      this.#writeControl(reference, target, canvas, options);
      await this.#pool.run();
    } catch (error) {
      canvas.release();
      throw error;
    } finally {
      reference.release();
      target.release();
      this.#isComposing = false;
    }
    if (this.#framesLeft > 0) this.#framesLeft -= 1;
    if (this.#isBlurred) this.#backdrop.follow(canvas.bytes, this.#openCells);
    return this.#panorama(canvas, options.measureOverlap === true);
  }

  /** Ends the workers. Panoramas that are still held stay readable. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#feed.close()]);
  }

  #checkFrame(frame: Frame, view: Size): void {
    if (frame.size.widthPx !== view.widthPx || frame.size.heightPx !== view.heightPx) {
      throw new RangeError(`a frame of ${frame.size.widthPx} × ${frame.size.heightPx} does not fit its view`);
    }
  }

  #nextGeometry(): void {
    const ready = this.#feed.take();
    if (ready !== undefined) {
      this.#framesLeft = this.#geometryVersion === undefined ? 1 : ready.frames;
      this.#geometryVersion = ready.version;
      this.#pool.control.words[TARGET_NODES] = ready.nodes;
    }
    if (this.#geometryVersion === undefined) throw new Error('no geometry was set yet');
  }

  #writeControl(reference: Frame, target: Frame, canvas: Canvas, options: ComposeOptions): void {
    const { words } = this.#pool.control;
    words[SOURCES] = reference.byteOffset;
    words[SOURCES + 1] = target.byteOffset;
    words[CANVAS] = canvas.byteOffset;
    words[BACKDROP] = this.#isBlurred ? this.#backdrop.byteOffset : 0;
    words[FRAMES_LEFT] = this.#framesLeft;
    words[MEASURE] = options.measureOverlap === true ? 1 : 0;
    writeGain(options.gains?.[0] ?? NEUTRAL_GAIN, words, GAINS);
    writeGain(options.gains?.[1] ?? NEUTRAL_GAIN, words, GAINS + GAIN_WORDS);
  }

  #panorama(canvas: Canvas, isMeasured: boolean): Panorama {
    return {
      bytes: canvas.bytes,
      byteOffset: canvas.byteOffset,
      size: this.#options.canvas,
      geometryVersion: this.#geometryVersion ?? 0,
      framesLeft: this.#framesLeft,
      overlap: isMeasured ? viewDifference(this.#pool.control.bins) : undefined,
      retain: () => canvas.retain(),
      release: () => canvas.release(),
    };
  }
}
