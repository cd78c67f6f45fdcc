import { SeamlineError } from '../common/seamline-error.ts';
import { readBundle } from './model-store.ts';
import { NetworkSession, type SessionOptions } from './runtime/session.ts';
import { SpatialNet } from './spatial-net.ts';
import { TemporalNet } from './temporal-net.ts';
import type { Networks } from './warp-pipeline.ts';

/** Networks with one owner. */
export interface LoadedNetworks extends Networks {
  close(): Promise<void>;
}

/**
 * Reads a bundle, loads its networks and runs each once.
 * @throws SeamlineError `model-invalid` or `inference-failed`
 */
export async function openNetworks(
  folder: string,
  profile: string | undefined,
  options: SessionOptions,
): Promise<LoadedNetworks> {
  const { manifest, networks, files } = await readBundle(folder, profile);
  if (manifest.kind !== 'lite') {
    throw new SeamlineError('model-invalid', `bundles of the kind ${manifest.kind} cannot be run yet`);
  }
  const spatial = await NetworkSession.open('SpatialNet', files.spatial, networks.spatial, options);
  const temporal = await NetworkSession.open('TemporalNet', files.temporal, networks.temporal, options);
  const smooth = await NetworkSession.open('SmoothNet', files.smooth, networks.smooth, options);
  return {
    manifest,
    spatial: new SpatialNet(spatial, manifest),
    temporal: new TemporalNet(temporal, manifest),
    smooth,
    close: async () => {
      await Promise.all([spatial.close(), temporal.close(), smooth.close()]);
    },
  };
}
