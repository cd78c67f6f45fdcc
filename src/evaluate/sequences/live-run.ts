import type { Size } from '../../contract/pixels.ts';
import type { CanvasGeometry, Mesh } from '../../contract/warp-state.ts';
import type { CameraMotions } from '../../contract/worker-messages.ts';
import { planCanvas, toCanvas, type CanvasPlan, type ViewSizes } from '../../geometry/canvas.ts';
import { Cadence } from '../../inference/cadence.ts';
import { FOLLOW_SIZE } from '../../inference/camera-follower.ts';
import type { LoadedNetworks } from '../../inference/open-networks.ts';
import { FollowedCameras } from '../../pipeline/followed-cameras.ts';
import { clipPictures } from './clip-pictures.ts';
import type { Track, TrackFrame } from './track.ts';

/** What the networks are taken to cost on one core of the machine that must hold 25 panoramas a second, ms. */
const COST_MS: Readonly<Record<string, number>> = { spatial: 70, temporal: 40, smooth: 3, track: 3 };

/** How a live job is replayed. */
export interface LiveOptions {
  /** Panoramas a second. */
  readonly fps: number;
  /** Share of one core for the networks. */
  readonly budgetShare: number;
  /** Carry each geometry on to the pair that is drawn. */
  readonly follows: boolean;
  /** Pairs at most. */
  readonly frames: number;
}

/** What a live job showed, from the first pair on that it had a geometry for. */
export interface LiveTrack {
  readonly track: Track;
  readonly first: number;
}

/** A geometry on its way. */
interface Reply {
  readonly doneUs: number;
  readonly pairUs: number;
  readonly geometry: CanvasGeometry | undefined;
  readonly isMoving: boolean;
}

/**
 * Replays a live job on a clock of its own, so that the result does not depend on the machine: pairs come at the
 * camera's rate, the networks answer after what they cost, and each pair is drawn at once with what is known then.
 * @returns undefined when no pair could be aligned
 */
export async function liveTrack(
  ffmpeg: string,
  videos: readonly [string, string],
  networks: LoadedNetworks,
  views: ViewSizes,
  { fps, budgetShare, follows, frames: limit }: LiveOptions,
): Promise<LiveTrack | undefined> {
  const { grid, input } = networks.manifest;
  const size: Size = { widthPx: input.width, heightPx: input.height };
  const pipeline = networks.pipeline(views, 'live');
  const cadence = new Cadence({ budgetShare });
  const shown = new Shown(views, fps, follows);
  let plan: CanvasPlan | undefined;
  let reply: Reply | undefined;
  let first = 0;
  let askedUs = 0;
  const frames: TrackFrame[] = [];
  const [lefts, rights] = videos.map((path) => clipPictures(ffmpeg, path, size, 'gray')) as [
    AsyncGenerator<Uint8Array>,
    AsyncGenerator<Uint8Array>,
  ];
  try {
    for (let index = 0; index < limit; index += 1) {
      const [left, right] = [await lefts.next(), await rights.next()];
      if (left.done === true || right.done === true) break;
      const nowUs = Math.round((index * 1e6) / fps);
      const [a, b] = [Float32Array.from(left.value), Float32Array.from(right.value)];
      if (reply !== undefined && reply.doneUs <= nowUs) {
        shown.take(reply);
        reply = undefined;
      }
      shown.see(a, b, nowUs);
      const step = reply === undefined ? cadence.next(nowUs) : 'skip';
      if (step !== 'skip') {
        const result = await pipeline.next(a, b, nowUs, step === 'anchor', shown.motions(askedUs, nowUs));
        askedUs = nowUs;
        const networkMs = costs(result.networkMs);
        const doneUs = nowUs + 1000 * Object.values(networkMs).reduce((sum, value) => sum + value, 0);
        cadence.note({ ...result, networkMs }, step === 'anchor', doneUs);
        if (result.geometry !== undefined)
          plan ??= planCanvas([result.geometry], { maxWidthPx: 2560, fill: 'black', marginShare: 0.02 });
        const geometry =
          result.geometry === undefined || plan === undefined
            ? undefined
            : toCanvas(result.geometry, plan, views, index, 'network');
        reply = { doneUs, pairUs: nowUs, geometry, isMoving: result.isMoving };
      }
      const frame = shown.draw(nowUs);
      if (frame !== undefined) frames.push(frame);
      else first = index + 1;
    }
  } finally {
    await Promise.all([lefts.return(undefined), rights.return(undefined)]);
  }
  if (plan === undefined) return undefined;
  return { track: { grid, canvas: plan.size, views, frames }, first };
}

function costs(networkMs: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.keys(networkMs).map((name) => [name, COST_MS[name] ?? 0]));
}

/** The picture's geometry as a live job shows it. */
class Shown {
  readonly #fps: number;
  readonly #cameras: FollowedCameras | undefined;
  #rate = 0;
  #lastReplyUs: number | undefined;
  #goal: CanvasGeometry | undefined;
  #framesLeft = 0;
  #drawn: TrackFrame | undefined;

  constructor(views: ViewSizes, fps: number, follows: boolean) {
    this.#fps = fps;
    if (follows) this.#cameras = new FollowedCameras(views);
  }

  see(reference: Float32Array, target: Float32Array, nowUs: number): void {
    for (const [view, luma] of [reference, target].entries()) {
      if (this.#cameras?.wants(view as 0 | 1, nowUs) === true)
        this.#cameras.see(view as 0 | 1, halved(luma), nowUs, nowUs);
    }
  }

  motions(olderUs: number, nowUs: number): CameraMotions | undefined {
    return this.#cameras?.motions([olderUs, olderUs], [nowUs, nowUs]);
  }

  take({ geometry, pairUs, doneUs, isMoving }: Reply): void {
    if (geometry === undefined) return;
    if (this.#lastReplyUs !== undefined) this.#rate = 1e6 / (doneUs - this.#lastReplyUs);
    this.#lastReplyUs = doneUs;
    this.#goal = geometry;
    this.#framesLeft = Math.max(1, Math.min(25, Math.round(this.#fps / Math.max(this.#rate, 1))));
    this.#cameras?.take(geometry, { times: [pairUs, pairUs], isMoving }, this.#framesLeft, doneUs);
  }

  draw(nowUs: number): TrackFrame | undefined {
    const goal = this.#goal;
    if (goal === undefined) return undefined;
    const own = this.#cameras?.at([nowUs, nowUs], nowUs);
    if (own !== undefined) this.#drawn = own;
    else if (this.#drawn === undefined || this.#framesLeft === 0) this.#drawn = goal;
    else {
      const share = 1 / this.#framesLeft;
      this.#framesLeft -= 1;
      const { reference, target } = this.#drawn;
      const near = (from: Mesh, to: Mesh): Mesh => from.map((value, index) => value + share * (to[index]! - value));
      this.#drawn = { ...goal, reference: near(reference, goal.reference), target: near(target, goal.target) };
    }
    return this.#drawn;
  }
}

/** A picture of twice FOLLOW_SIZE, averaged down to it. */
function halved(luma: Float32Array): Float32Array {
  const { widthPx, heightPx } = FOLLOW_SIZE;
  const small = new Float32Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y += 1) {
    for (let x = 0; x < widthPx; x += 1) {
      const at = 4 * y * widthPx + 2 * x;
      const below = at + 2 * widthPx;
      small[y * widthPx + x] = (luma[at]! + luma[at + 1]! + luma[below]! + luma[below + 1]!) / 4;
    }
  }
  return small;
}
