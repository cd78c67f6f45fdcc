import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { Size } from '../contract/pixels.ts';
import type { CameraMotions } from '../contract/worker-messages.ts';
import { readBundle } from './model-store.ts';
import { NetworkSession, type SessionOptions } from './runtime/session.ts';
import { SpatialNet } from './spatial-net.ts';
import { StabStitch2Pipeline } from './stabstitch2/stabstitch2-pipeline.ts';
import { TemporalNet } from './temporal-net.ts';
import { WarpPipeline, type PairResult, type PipelineCadence } from './warp-pipeline.ts';

/** From pairs of pictures, scaled as the manifest says, to geometries. */
export interface PairPipeline {
  /**
   * @param wantsAnchor compare the views anew; otherwise the last comparison may be carried on
   * @param motions of the cameras since the pair before, where they are known better than the networks find them
   */
  next(
    reference: Float32Array,
    target: Float32Array,
    ptsUs: number,
    wantsAnchor: boolean,
    motions?: CameraMotions,
  ): Promise<PairResult>;
  /** Forgets window and anchors. */
  reset(): void;
}

/** Networks with one owner. */
export interface LoadedNetworks {
  readonly manifest: BundleManifest;
  /** A pipeline for views of these sizes; the networks stay shared. */
  pipeline(views: { readonly reference: Size; readonly target: Size }, cadence: PipelineCadence): PairPipeline;
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
  const spatial = await NetworkSession.open('SpatialNet', files.spatial, networks.spatial, options);
  const temporal = await NetworkSession.open('TemporalNet', files.temporal, networks.temporal, options);
  const smooth = await NetworkSession.open('SmoothNet', files.smooth, networks.smooth, options);
  const close = async (): Promise<void> => {
    await Promise.all([spatial.close(), temporal.close(), smooth.close()]);
  };
  if (manifest.kind === 'stabstitch2') {
    const imported = { manifest, spatial, temporal, smooth };
    return { manifest, pipeline: (views, cadence) => new StabStitch2Pipeline(imported, views, cadence), close };
  }
  const own = {
    manifest,
    spatial: new SpatialNet(spatial, manifest),
    temporal: new TemporalNet(temporal, manifest),
    smooth,
  };
  return { manifest, pipeline: (views, cadence) => new WarpPipeline(own, views, cadence), close };
}
