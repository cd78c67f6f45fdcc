import { GUARD_BYTES } from '../contract/frame-ring.ts';
import { i420Bytes } from '../contract/pixels.ts';
import { CELL_PX, nodeGrid } from '../kernels/strip-layout.ts';
import type { CanvasRing } from './canvas-ring.ts';
import type { ComposerOptions } from './composer-options.ts';
import type { StripPool } from './strip-pool.ts';
import { BACKDROP, CANVAS, FRAMES_LEFT, GAINS, SOURCES, TARGET_NODES } from './strip-protocol.ts';
import { GAIN_WORDS, NEUTRAL_GAIN, writeGain } from './view-gain.ts';

/** Rounds with every path of the kernels; measured: from the third on the optimised code runs. */
const ROUNDS = 8;

/** What is drawn with. */
export interface WarmUpParts {
  readonly ring: CanvasRing;
  /** Offset of two node grids, overwritten. */
  readonly slot: number;
  /** Offset of a backdrop. */
  readonly backdrop: number;
}

/**
 * Draws pictures of nothing into a canvas of the ring, until the engine has replaced its first, slow code for the
 * kernels. Both views lie over each other with an offset, so that every blend occurs.
 */
export async function warmUp(pool: StripPool, options: ComposerOptions, parts: WarmUpParts): Promise<void> {
  const { ring, slot, backdrop } = parts;
  const { buffer } = options.memory.memory;
  const canvas = ring.acquire();
  if (canvas === undefined) return;
  const grid = nodeGrid(options.canvas);
  for (const view of [0, 1]) {
    const nodes = new Int32Array(buffer, slot + view * grid.nodeBytes, grid.columns * grid.rows * 2);
    for (let node = 0; node < grid.columns * grid.rows; node += 1) {
      nodes[node * 2] = (((node % grid.columns) - 4 * view) * CELL_PX - 8) * 65_536;
      nodes[node * 2 + 1] = (Math.floor(node / grid.columns) * CELL_PX - 8) * 65_536;
    }
  }
  // Any memory will do as a source, as long as it does not end too soon.
  const longest = Math.max(i420Bytes(options.views.reference), i420Bytes(options.views.target));
  const source = Math.max(GUARD_BYTES, buffer.byteLength - longest - GUARD_BYTES);
  const { words } = pool.control;
  words[SOURCES] = source;
  words[SOURCES + 1] = source;
  words[CANVAS] = canvas.byteOffset;
  words[TARGET_NODES] = slot;
  if (source + longest <= buffer.byteLength) {
    for (let round = 0; round < ROUNDS; round += 1) {
      words[FRAMES_LEFT] = ROUNDS - round;
      words[BACKDROP] = round % 2 === 0 ? 0 : backdrop;
      for (const view of [0, 1])
        writeGain({ ...NEUTRAL_GAIN, luma: 1 + (round % 2) / 2 }, words, GAINS + view * GAIN_WORDS);
      await pool.run();
    }
  }
  canvas.release();
}
