import type { Size } from '../contract/pixels.ts';
import type { Mesh, MeshGrid } from '../contract/warp-state.ts';

/** Handed to the grid worker once, as `workerData`. */
export interface GridWorkerData {
  readonly memory: WebAssembly.Memory;
  readonly kernels: WebAssembly.Module;
  readonly canvas: Size;
  readonly reference: Size;
  readonly target: Size;
  /** NODE_SCRATCH_BYTES for this worker. */
  readonly scratch: number;
}

/** Main thread → grid worker: make both node grids of a geometry at `out`, reference view first. */
export interface GridRequest {
  readonly id: number;
  readonly grid: MeshGrid;
  readonly reference: Mesh;
  readonly target: Mesh;
  readonly out: number;
}

/** Grid worker → main thread. `error` says why the meshes cannot be fitted. */
export interface GridReply {
  readonly id: number;
  readonly error: string | undefined;
}
