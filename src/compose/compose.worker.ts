import { workerData, parentPort } from 'node:worker_threads';
import { loadKernels } from '../kernels/index.ts';
import { OVERLAP_WORDS } from '../kernels/strip-layout.ts';
import { Strip } from './strip.ts';
import type { StripWorkerData } from './strip-protocol.ts';
import { controlBlock, DONE, MEASURE, QUIT, SEQUENCE } from './strip-protocol.ts';

const data = workerData as StripWorkerData;
const kernels = loadKernels(data.kernels, data.memory);
const strip = new Strip(kernels, data);
const { words, bins } = controlBlock(data.control);
const ownBins = new Float64Array(data.memory.buffer, strip.layout.bins, OVERLAP_WORDS);

let seen = Atomics.load(words, SEQUENCE);
parentPort?.postMessage('ready');
// Blocks between frames on purpose: a wake-up by futex costs a third of one through the event loop.
for (;;) {
  Atomics.wait(words, SEQUENCE, seen);
  const sequence = Atomics.load(words, SEQUENCE);
  if (sequence === seen) continue;
  seen = sequence;
  if (Atomics.load(words, QUIT) === 1) break;
  strip.draw(words);
  if (words[MEASURE] === 1) bins.set(ownBins, data.index * OVERLAP_WORDS);
  if (Atomics.add(words, DONE, 1) + 1 === data.workers) Atomics.notify(words, DONE);
}
