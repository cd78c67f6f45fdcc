/**
 * Runs in a child process of its own, since a broken driver can take a process down: loads the probe network on the
 * provider named on the command line, runs it, and prints one line of JSON, `{"ms": …}` or `{"reason": "…"}`.
 */
import ort from 'onnxruntime-node';
import { PROBE_CHANNELS, PROBE_SIDE, probeModel } from './runtime/probe-model.ts';
import { providerOption } from './runtime/provider-table.ts';

const TIMED_RUNS = 5;

/** Median milliseconds of a run after two warm ones. @throws Error when the provider fails or computes wrongly */
async function probe(provider: string, deviceId: number | undefined): Promise<number> {
  const session = await ort.InferenceSession.create(probeModel(), {
    executionProviders: [providerOption(provider, deviceId)],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const ones = new Float32Array(PROBE_CHANNELS * PROBE_SIDE * PROBE_SIDE).fill(1);
  const times: number[] = [];
  for (let round = 0; round < TIMED_RUNS + 2; round += 1) {
    const startedMs = performance.now();
    const { y } = await session.run({
      x: new ort.Tensor('float32', ones, [1, PROBE_CHANNELS, PROBE_SIDE, PROBE_SIDE]),
    });
    const centre = (y!.data as Float32Array)[(PROBE_SIDE / 2) * PROBE_SIDE + PROBE_SIDE / 2]!;
    if (Math.abs(centre - 1) > 1e-2) throw new Error(`it computes wrongly: ${centre} instead of 1`);
    if (round >= 2) times.push(performance.now() - startedMs);
  }
  await session.release();
  return times.toSorted((a, b) => a - b)[TIMED_RUNS >> 1]!;
}

const [provider = '', device = ''] = process.argv.slice(2);
try {
  const ms = await probe(provider, device === '' ? undefined : Number(device));
  process.stdout.write(`${JSON.stringify({ ms })}\n`);
} catch (error) {
  // ONNX Runtime puts source file, line and condition before what matters.
  const reason = (error instanceof Error ? error.message : String(error))
    .split('\n', 1)[0]!
    .replace(/^.* was false\. /, '');
  process.stdout.write(`${JSON.stringify({ reason })}\n`);
}
