import { parentPort, workerData } from 'node:worker_threads';
import { loadKernels } from '../kernels/index.ts';
import { nodeGrid } from '../kernels/strip-layout.ts';
import type { GridReply, GridRequest, GridWorkerData } from './grid-messages.ts';
import { fitView, writeNodes } from './node-grid.ts';

const data = workerData as GridWorkerData;
const kernels = loadKernels(data.kernels, data.memory);
const { nodeBytes } = nodeGrid(data.canvas);

function build(request: GridRequest): void {
  const reference = fitView(request.reference, request.grid, data.reference, data.canvas);
  const target = fitView(request.target, request.grid, data.target, data.canvas);
  writeNodes(reference, data.canvas, kernels, data.scratch, request.out);
  writeNodes(target, data.canvas, kernels, data.scratch, request.out + nodeBytes);
}

parentPort?.on('message', (request: GridRequest) => {
  let error: string | undefined;
  try {
    build(request);
  } catch (thrown) {
    // Meshes that cannot be fitted are the sender's to hear about; the worker goes on with the next.
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  parentPort?.postMessage({ id: request.id, error } satisfies GridReply);
});
