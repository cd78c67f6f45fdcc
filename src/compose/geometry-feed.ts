import { Worker } from 'node:worker_threads';
import type { CanvasGeometry } from '../contract/warp-state.ts';
import { siblingModule } from '../process/sibling-module.ts';
import type { GridReply, GridRequest, GridWorkerData } from './grid-messages.ts';

/** Node grids that are ready to be shown. */
export interface ReadyGeometry {
  readonly version: number;
  /** Offset of the reference view's grid; the target view's follows it. */
  readonly nodes: number;
  /** Frames over which the picture moves there; at least 1. */
  readonly frames: number;
}

interface Waiting {
  readonly geometry: CanvasGeometry;
  readonly frames: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Makes node grids in a thread of its own, into the slot that nobody shows. At most one geometry is being made and one
 * waits; a newer one takes the waiting one's place.
 */
export class GeometryFeed {
  readonly #worker: Worker;
  readonly #slots: readonly number[];
  #busy: { id: number; slot: number; request: Waiting } | undefined;
  #waiting: Waiting | undefined;
  #ready: ReadyGeometry | undefined;
  #shown: number | undefined;
  #nextId = 1;
  #ended: Error | undefined;

  /** @param slots three offsets of two node grids each */
  constructor(data: GridWorkerData, slots: readonly [number, number, number]) {
    this.#slots = slots;
    this.#worker = new Worker(siblingModule(import.meta.url, './grid.worker'), { workerData: data });
    this.#worker.on('message', (reply: GridReply) => this.#onReply(reply));
    this.#worker.on('error', (error) => this.#end(new Error('the grid worker failed', { cause: error })));
    this.#worker.on('exit', () => this.#end(new Error('the grid worker ended')));
  }

  /**
   * Resolves when the grids are ready for the next frame, or when a newer geometry took this one's place.
   * @throws RangeError when a mesh is degenerate
   */
  offer(geometry: CanvasGeometry, frames: number): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting?.resolve();
      this.#waiting = { geometry, frames, resolve, reject };
      this.#pump();
    });
  }

  /** The newest geometry that is ready and was not taken yet; from now on it counts as shown. */
  take(): ReadyGeometry | undefined {
    const ready = this.#ready;
    if (ready === undefined) return undefined;
    this.#ready = undefined;
    this.#shown = ready.nodes;
    return ready;
  }

  /** Ends the thread; offers that wait are rejected. */
  async close(): Promise<void> {
    this.#end(new Error('the composer is closed'));
    await this.#worker.terminate();
  }

  #pump(): void {
    const request = this.#waiting;
    if (request === undefined || this.#busy !== undefined) return;
    const slot = this.#slots.find((offset) => offset !== this.#shown && offset !== this.#ready?.nodes);
    if (slot === undefined) throw new Error('no slot is free');
    this.#waiting = undefined;
    this.#busy = { id: this.#nextId, slot, request };
    const { grid, reference, target } = request.geometry;
    this.#worker.postMessage({ id: this.#nextId, grid, reference, target, out: slot } satisfies GridRequest);
    this.#nextId += 1;
  }

  #onReply(reply: GridReply): void {
    const busy = this.#busy;
    if (busy === undefined || busy.id !== reply.id) return;
    this.#busy = undefined;
    if (reply.error === undefined) {
      this.#ready = { version: busy.request.geometry.version, nodes: busy.slot, frames: busy.request.frames };
      busy.request.resolve();
    } else {
      busy.request.reject(new RangeError(`the geometry cannot be drawn: ${reply.error}`));
    }
    this.#pump();
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#busy?.request.reject(error);
    this.#waiting?.reject(error);
    this.#busy = undefined;
    this.#waiting = undefined;
  }
}
