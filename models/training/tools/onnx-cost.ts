/**
 * Time of every network of a bundle in onnxruntime-node on one thread, without other work to be of any use:
 * `node models/training/tools/onnx-cost.ts models/lite [calls]`. Prints one JSON line per file, milliseconds of CPU.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

interface NetworkEntry {
  readonly file: string;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

const [folder = 'models/lite', calls = '60'] = process.argv.slice(2);
const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
  networks: Record<string, NetworkEntry>;
  profiles?: Record<string, { spatial: NetworkEntry }>;
};
const entries = [
  ...Object.values(manifest.networks),
  ...Object.values(manifest.profiles ?? {}).map((profile) => profile.spatial),
];

/** A smooth pattern with corners everywhere; the time of the graphs does not depend on what they see. */
function pattern(shape: readonly number[], phase: number): Tensor {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const width = shape.at(-1) ?? 1;
  for (let k = 0; k < data.length; k += 1) {
    const x = (k % width) + phase;
    const y = Math.floor(k / width);
    data[k] = 128 + 60 * Math.sin(x * 0.21 + y * 0.05) + 50 * Math.sin(y * 0.17 - x * 0.031);
  }
  return new Tensor('float32', data, shape);
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

for (const entry of entries) {
  const session = await InferenceSession.create(join(folder, entry.file), {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  const feeds = Object.fromEntries(entry.inputs.map((input, k) => [input.name, pattern(input.shape, 7 * k)]));
  for (let k = 0; k < 5; k += 1) await session.run(feeds);
  const times: number[] = [];
  for (let k = 0; k < Number(calls); k += 1) {
    // CPU time of the process, since other work on the machine stretches the wall clock.
    const before = process.cpuUsage();
    await session.run(feeds);
    const spent = process.cpuUsage(before);
    times.push((spent.user + spent.system) / 1000);
  }
  times.sort((a, b) => a - b);
  const figures = { median: quantile(times, 0.5), least: quantile(times, 0), p90: quantile(times, 0.9) };
  console.log(JSON.stringify({ file: entry.file, ...figures }));
  await session.release();
}
