import { Composer } from '../compose/composer.ts';
import { compileKernels } from '../compose/kernel-module.ts';
import { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { CanvasGeometry, PlaneGeometry } from '../contract/warp-state.ts';
import { toCanvas, type CanvasPlan, type ViewSizes } from '../geometry/canvas.ts';
import { sideBySidePlane } from '../geometry/side-by-side.ts';
import { InferenceClient } from '../inference/inference-client.ts';
import type { Logger } from '../logging/logger.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import type { OpenNetworks } from './open-networks.ts';
import { ClipCanvas, type ClipCanvasOptions } from './clip-canvas.ts';
import { GeometryChooser, GeometryLog, type LoggedPair } from './geometry-log.ts';
import { FileRings, PairReader, type FilePair } from './pair-reader.ts';
import { checkOutputName, PictureWriter } from './picture-writer.ts';
import type { Progress } from './progress.ts';
import { reportFrame, ReportWriter } from './report.ts';

/** What is to be stitched, how, and where it goes. */
export interface StitchOptions {
  /** Left and right (or any other arrangement): the reference and the target. */
  readonly inputs: readonly [string, string];
  readonly output: string;
  /** REPORT.json, or undefined for none. */
  readonly report: string | undefined;
  readonly model: string;
  readonly modelFolder: string;
  /** Another SpatialNet of the bundle. */
  readonly profile: string | undefined;
  /** Pairs at most, or undefined for all. */
  readonly frames: number | undefined;
  /** Views are scaled down to this width. */
  readonly viewWidthPx: number;
  readonly canvas: ClipCanvasOptions;
  readonly providers: readonly string[];
  readonly deviceId: number | undefined;
  readonly threads: number;
  readonly preset: string;
  readonly ffmpeg: FfmpegInfo;
  readonly progress: Progress;
  /** Aborted: everything ends, unfinished files are removed, and the reason is thrown. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Networks of this very bundle that are open already and stay open; undefined to open and close them here. */
  readonly networks?: OpenNetworks;
}

/** What came out. */
export interface StitchSummary {
  readonly pairs: number;
  /** Pairs whose own pictures were aligned by the networks. */
  readonly aligned: number;
  readonly size: { readonly widthPx: number; readonly heightPx: number };
  readonly provider: string;
  /** Why the last pair that was not aligned was not, in plain words. */
  readonly reason: string;
}

/** What the first pass leaves for the second. */
interface Geometries {
  readonly log: GeometryLog;
  readonly plan: CanvasPlan;
  readonly first: PlaneGeometry | undefined;
  readonly aligned: number;
  readonly provider: string;
  readonly reason: string;
  readonly views: ViewSizes;
  readonly isStill: boolean;
}

/**
 * Stitches two files in two passes: the first asks the networks about every pair and plans the canvas over all of
 * them, the second draws. Nothing is dropped.
 * @throws SeamlineError `file-unreadable`, `invalid-request`, `model-invalid`, `inference-failed`, `ffmpeg-failed`
 */
export async function stitchFiles(options: StitchOptions): Promise<StitchSummary> {
  const memory = options.networks?.memory ?? new SharedMemoryPlan();
  const kernels = options.networks?.kernels ?? (await compileKernels());
  const rings = new FileRings(memory, options.viewWidthPx);
  const geometries = await findGeometries(options, memory, kernels, rings);
  try {
    await draw(options, memory, kernels, rings, geometries);
  } finally {
    await geometries.log.close();
  }
  const { aligned, provider, reason, plan, log } = geometries;
  return { pairs: log.count, aligned, size: plan.size, provider, reason };
}

/** Goes over all pairs. `each` keeps no frame. */
async function forEachPair(
  reader: PairReader,
  limit: number | undefined,
  signal: AbortSignal,
  each: (pair: FilePair, index: number) => Promise<void>,
): Promise<void> {
  const end = limit ?? Infinity;
  for (let index = 0; index < end; index += 1) {
    signal.throwIfAborted();
    const pair = await reader.next();
    if (pair === undefined) return;
    try {
      await each(pair, index);
    } finally {
      pair.reference.release();
      pair.target.release();
    }
  }
}

async function findGeometries(
  options: StitchOptions,
  memory: SharedMemoryPlan,
  kernels: WebAssembly.Module,
  rings: FileRings,
): Promise<Geometries> {
  const reader = await PairReader.open(options.inputs, options.ffmpeg, rings);
  let client: InferenceClient | undefined;
  let log: GeometryLog | undefined;
  try {
    checkOutputName(options.output, reader.isStill);
    client =
      options.networks?.client ??
      (await InferenceClient.start({ ...options, memory, kernels, cadence: 'every-frame' }));
    client.reset();
    log = await GeometryLog.create(client.manifest.grid);
    const found = await askNetworks(options, reader, client, log);
    return { ...found, log, provider: client.provider, views: reader.views, isStill: reader.isStill };
  } catch (error) {
    await log?.close();
    throw error;
  } finally {
    await Promise.all([reader.close(), options.networks === undefined ? client?.close() : undefined]);
  }
}

async function askNetworks(
  { frames, canvas, signal, progress }: StitchOptions,
  reader: PairReader,
  client: InferenceClient,
  log: GeometryLog,
): Promise<Pick<Geometries, 'plan' | 'first' | 'aligned' | 'reason'>> {
  const clip = new ClipCanvas(canvas);
  const total = expected(reader.count, frames);
  let first: PlaneGeometry | undefined;
  let [aligned, reason] = [0, ''];
  await forEachPair(reader, frames, signal, async ({ reference, target, sourceIndex, ptsUs }) => {
    const reply = await client.submit(reference, target, ptsUs, true);
    const { geometry, confidence } = reply;
    await log.append({ sourceIndex, ptsUs, confidence, overlap: geometry?.overlap ?? 0, geometry });
    if (geometry === undefined) reason = reply.reason;
    else {
      first ??= geometry;
      aligned += 1;
      clip.add(geometry);
    }
    progress.show('aligning', log.count, total);
  });
  if (clip.isEmpty) clip.add(sideBySidePlane(reader.views));
  return { plan: clip.plan(), first, aligned, reason };
}

function expected(count: number | undefined, limit: number | undefined): number | undefined {
  if (count === undefined) return limit;
  return limit === undefined ? count : Math.min(count, limit);
}

async function draw(
  options: StitchOptions,
  memory: SharedMemoryPlan,
  kernels: WebAssembly.Module,
  rings: FileRings,
  geometries: Geometries,
): Promise<void> {
  const { plan, views, isStill, log, provider } = geometries;
  const { output, preset, ffmpeg, signal, progress } = options;
  const reader = await PairReader.open(options.inputs, ffmpeg, rings);
  let composer: Composer | undefined;
  let writer: PictureWriter | undefined;
  let report: ReportWriter | undefined;
  try {
    composer = await Composer.create({ memory, kernels, canvas: plan.size, views, workers: 1, canvases: 2 });
    writer = new PictureWriter(output, plan.size, isStill, preset, ffmpeg);
    if (options.report !== undefined) report = new ReportWriter(options.report, reportHead(options.model, geometries));
    const placer = new Placer(geometries);
    const [drawer, target] = [composer, writer];
    await forEachPair(reader, log.count, signal, async (pair, index) => {
      const logged = await log.read(index);
      const geometry = placer.place(logged);
      if (geometry.version !== drawer.geometryVersion) await drawer.setGeometry(geometry, 0);
      const panorama = await drawer.compose(pair.reference, pair.target);
      await target.write(panorama.bytes, pair.ptsUs).finally(() => panorama.release());
      await report?.add(reportFrame({ ...logged, index, provider }, geometry));
      progress.show('drawing', index + 1, log.count);
    });
    await writer.finish();
    await report?.finish();
  } finally {
    await Promise.all([reader.close(), composer?.close(), writer?.close(), report?.close()]);
  }
}

function reportHead(model: string, { plan, views }: Geometries): ConstructorParameters<typeof ReportWriter>[1] {
  const size = ({ widthPx, heightPx }: { widthPx: number; heightPx: number }): { width: number; height: number } => ({
    width: widthPx,
    height: heightPx,
  });
  return {
    version: 1,
    model,
    ...size(plan.size),
    views: { reference: size(views.reference), target: size(views.target) },
  };
}

/** Chooses each pair's geometry and places it; one that is held keeps its version, so that it is not built again. */
class Placer {
  readonly #geometries: Geometries;
  readonly #chooser: GeometryChooser;
  #placed: CanvasGeometry | undefined;
  #source: PlaneGeometry | undefined;

  constructor(geometries: Geometries) {
    this.#geometries = geometries;
    this.#chooser = new GeometryChooser(geometries.first);
  }

  place(pair: LoggedPair): CanvasGeometry {
    const { plan, views } = this.#geometries;
    const { geometry, origin } = this.#chooser.choose(pair);
    if (this.#placed !== undefined && geometry === this.#source) {
      this.#placed = { ...this.#placed, origin };
      return this.#placed;
    }
    const version = (this.#placed?.version ?? 0) + 1;
    this.#placed = toCanvas(geometry ?? sideBySidePlane(views), plan, views, version, origin);
    this.#source = geometry;
    return this.#placed;
  }
}
