import { afterEach, describe, expect, it } from 'vitest';
import { IDENTITY } from '../../../src/geometry/homography.ts';
import type { FramePair } from '../../../src/pairing/frame-pairer.ts';
import { ExposureControl } from '../../../src/pipeline/exposure-control.ts';
import { drawView } from '../../helpers/textured-scene.ts';
import { composerStage, placed } from '../compose/composer-stage.ts';

/** Two views of a street at night that overlap by half. */
const VIEW = { widthPx: 640, heightPx: 360 };
const SHIFT_PX = 320;
const PIXELS = VIEW.widthPx * VIEW.heightPx;
const options = { canvas: { widthPx: 960, heightPx: 368 }, reference: VIEW, target: VIEW };
const FPS = 25;
/** Of the light above black: both cameras expose differently, which is to be matched. */
const EXPOSURES = [1, 0.8] as const;
const BLACK = 16;
/** When a lamp begins to shine: what both views differ by has been learned. */
const LIT_S = 12;

let composer: Awaited<ReturnType<typeof composerStage>>['composer'] | undefined;

afterEach(async () => {
  await composer?.close();
});

/** Light of the scene above black in each view, with grain of its own. */
const SCENES = ([0, 1] as const).map((view) => {
  const sceneFromView = Float64Array.from(IDENTITY);
  sceneFromView[2] = view * SHIFT_PX;
  return drawView(VIEW, sceneFromView, { grain: [12, view] }).map((luma) => 0.35 * (luma - BLACK));
});

/** A lamp in some of the views, from second 12 on. */
interface Lamp {
  readonly views: readonly (0 | 1)[];
  readonly seconds: number;
  /** Columns of the overlap that it passes. */
  readonly passesPx: number;
  /** Light that it adds at a distance. */
  readonly light: (distancePx: number) => number;
}

/** The lamp itself, its halo, and a veil over the whole lens: it doubles the light of a whole view. */
const flood = (distancePx: number): number =>
  400 * Math.exp(-((distancePx / 14) ** 2)) + 110 * Math.exp(-distancePx / 80) + 6;
/** On a clean lens: lamp and halo, far from most of the picture. */
const spot = (distancePx: number): number =>
  400 * Math.exp(-((distancePx / 20) ** 2)) + 110 * Math.exp(-distancePx / 25);

/** The luma of a view, with light around these pixels of it or without. */
function draw(luma: Uint8Array, view: 0 | 1, lamp: { x: number; y: number; light: Lamp['light'] } | undefined): void {
  const scene = SCENES[view]!;
  for (let at = 0; at < PIXELS; at += 1) {
    const [x, y] = [at % VIEW.widthPx, Math.floor(at / VIEW.widthPx)];
    const added = lamp === undefined ? 0 : lamp.light(Math.hypot(x - lamp.x, y - lamp.y));
    luma[at] = Math.round(Math.min(235, BLACK + EXPOSURES[view] * (scene[at]! + added)));
  }
}

/** The target's gain in each panorama: of twelve seconds without a lamp, with it, and of five more. */
async function gainsWith({ views, seconds, passesPx, light }: Lamp): Promise<number[]> {
  const stage = await composerStage(options);
  composer = stage.composer;
  await composer.setGeometry(placed(options, 1, [0, 0], [SHIFT_PX, 0]), 0);
  const frames = [stage.reference, stage.target] as const;
  const control = new ExposureControl();
  const pair = { referenceIsHeld: false, targetIsHeld: false } as FramePair;
  for (const [view, { bytes }] of frames.entries()) {
    bytes.fill(128, PIXELS);
    draw(bytes, view as 0 | 1, undefined);
  }
  const gains: number[] = [];
  for (let frame = 0; frame < (LIT_S + seconds + 5) * FPS; frame += 1) {
    const lit = (frame / FPS - LIT_S) / seconds;
    for (const view of lit >= 0 && lit <= 1 ? views : []) {
      const x = SHIFT_PX * (1 - view) + 160 + passesPx * (lit - 0.5);
      draw(frames[view].bytes, view, lit < 1 ? { x, y: 190, light } : undefined);
    }
    const { gains: now, measureOverlap } = control.next();
    const panorama = await composer.compose(...frames, { measureOverlap, gains: now });
    control.learn(panorama, pair);
    panorama.release();
    gains.push(now[1].luma);
  }
  return gains;
}

describe('the exposure of both views, when headlights shine into', () => {
  it.each<[string, Lamp]>([
    ['the first view as they pass', { views: [0], seconds: 3, passesPx: 300, light: flood }],
    ['the second view as they pass', { views: [1], seconds: 3, passesPx: 300, light: flood }],
    ['both views as they pass', { views: [0, 1], seconds: 3, passesPx: 300, light: flood }],
    ['the second view from a car that stands there', { views: [1], seconds: 10, passesPx: 20, light: spot }],
  ])('%s, stays matched as it was', async (_what, lamp) => {
    const gains = await gainsWith(lamp);

    const before = gains[LIT_S * FPS - 1]!;
    const moved = gains.slice(LIT_S * FPS).map((gain) => Math.abs(gain / before - 1));
    expect(before).toBeCloseTo(Math.sqrt(EXPOSURES[0] / EXPOSURES[1]), 2);
    // Two hundredths can just be seen.
    expect(Math.max(...moved)).toBeLessThan(0.02);
  });
});
