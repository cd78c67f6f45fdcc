import { FIRST_FRAME } from '../bundle-import/smooth-graph.ts';
import { NetworkSession, type SessionOptions } from '../inference/runtime/session.ts';
import type { Bundle, NetworkRole } from '../inference/model-store.ts';

const ROLES: readonly NetworkRole[] = ['spatial', 'temporal', 'smooth'];
const MAX_ROUNDS = 15;
const ENOUGH_MS = 3000;

/** What one network costs on one execution provider, milliseconds a run. */
export interface NetworkTiming {
  readonly role: NetworkRole;
  /** Median and least wall time. */
  readonly medianMs: number;
  readonly leastMs: number;
  /** Median CPU time of this process, all threads. */
  readonly cpuMs: number;
}

/** Times every network of a bundle on zeros, whose cost is that of any picture. @throws SeamlineError `inference-failed` */
export async function timeNetworks(bundle: Bundle, options: SessionOptions): Promise<NetworkTiming[]> {
  const timings: NetworkTiming[] = [];
  for (const role of ROLES) {
    const network = bundle.networks[role];
    const session = await NetworkSession.open(role, bundle.files[role], network, options);
    try {
      const inputs = Object.fromEntries(
        network.inputs.map(({ name, shape }) => {
          // SmoothNet of an imported bundle is asked for the last frame of its window, but for the first time.
          const value = name === FIRST_FRAME ? bundle.manifest.window - 1 : 0;
          return [name, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value)];
        }),
      );
      const [walls, cpus] = [[] as number[], [] as number[]];
      const startedMs = performance.now();
      while (walls.length < MAX_ROUNDS && (walls.length < 3 || performance.now() - startedMs < ENOUGH_MS)) {
        const before = process.cpuUsage();
        await session.run(inputs);
        const used = process.cpuUsage(before);
        walls.push(session.lastMs);
        cpus.push((used.user + used.system) / 1000);
      }
      timings.push({ role, medianMs: median(walls), leastMs: Math.min(...walls), cpuMs: median(cpus) });
    } finally {
      await session.close();
    }
  }
  return timings;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
