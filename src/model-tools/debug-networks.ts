import { probeOutput, withProbes } from '../bundle-import/graph-builder.ts';
import { probes } from '../bundle-import/probes.ts';
import type { Bundle, NetworkRole } from '../inference/model-store.ts';
import { NetworkSession, type SessionOptions, type Values } from '../inference/runtime/session.ts';
import type { Network, StabStitch2Networks } from '../inference/stabstitch2/networks.ts';
import type { FrameProbes } from './fixture-arrays.ts';

/** Networks of an imported bundle that keep what they gave last. */
export interface DebugNetworks extends StabStitch2Networks {
  /** Inner values and outputs of the last pair: one run of SpatialNet, two of TemporalNet, reference first. */
  lastProbes(): FrameProbes;
  close(): Promise<void>;
}

/**
 * Loads an imported bundle for comparing it.
 * @param withInner build the graphs with inner values as outputs, which costs memory and time
 */
export async function openDebugNetworks(
  bundle: Bundle,
  options: SessionOptions,
  withInner: boolean,
): Promise<DebugNetworks> {
  const spatial = await Recorder.open(bundle, 'spatial', options, withInner);
  const temporal = await Recorder.open(bundle, 'temporal', options, withInner);
  const smooth = await Recorder.open(bundle, 'smooth', options, withInner);
  return {
    manifest: bundle.manifest,
    spatial,
    temporal,
    smooth,
    lastProbes: () => ({
      spatial: spatial.before(1),
      temporal: { reference: temporal.before(2), target: temporal.before(1) },
    }),
    close: async () => {
      await Promise.all([spatial.close(), temporal.close(), smooth.close()]);
    },
  };
}

class Recorder implements Network {
  readonly #session: NetworkSession;
  #results: Values[] = [];

  private constructor(session: NetworkSession) {
    this.#session = session;
  }

  static async open(bundle: Bundle, role: NetworkRole, options: SessionOptions, withInner: boolean): Promise<Recorder> {
    const values = withInner && role !== 'smooth' ? probes[role] : [];
    const network = bundle.networks[role];
    const outputs = [...network.outputs, ...values.map(({ name, shape }) => ({ name: probeOutput(name), shape }))];
    const bytes = values.length === 0 ? bundle.files[role] : withProbes(bundle.files[role], values);
    return new Recorder(await NetworkSession.open(role, bytes, { ...network, outputs }, options));
  }

  get lastMs(): number {
    return this.#session.lastMs;
  }

  async run(inputs: Values): Promise<Values> {
    const values = await this.#session.run(inputs);
    this.#results = [...this.#results.slice(-1), values];
    return values;
  }

  /** What the last or the last but one run gave, inner values under their own names. */
  before(runs: 1 | 2): Values {
    const suffix = probeOutput('');
    const entries = Object.entries(this.#results.at(-runs) ?? {});
    return Object.fromEntries(
      entries.map(([name, values]) => [name.endsWith(suffix) ? name.slice(0, -suffix.length) : name, values]),
    );
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
