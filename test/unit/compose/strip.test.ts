import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawReference, type ViewPlaneGains } from '../../../src/kernels/reference-draw.ts';
import { planReference } from '../../../src/kernels/reference-plan.ts';
import { BACKDROP, GAINS } from '../../../src/compose/strip-protocol.ts';
import { GAIN_WORDS, type ViewGain } from '../../../src/compose/view-gain.ts';
import { fillNodes, seeded, stripStage } from './strip-stage.ts';

/** An affine map canvas → view about the middles of both, with jitter at each node. */
interface Placing {
  readonly angle: number;
  readonly scaleX: number;
  readonly scaleY: number;
  readonly shiftX: number;
  readonly shiftY: number;
  readonly jitter: number;
}

const even = (min: number, max: number) => fc.integer({ min: min / 2, max: max / 2 }).map((half) => half * 2);
const size = fc.record({ widthPx: even(16, 220), heightPx: even(16, 150) });
const cells = (max: number) => fc.integer({ min: 1, max }).map((count) => count * 16);
const canvasSize = fc.record({ widthPx: cells(12), heightPx: cells(8) });
const gentle: fc.Arbitrary<Placing> = fc.record({
  angle: fc.double({ min: -0.12, max: 0.12, noNaN: true }),
  scaleX: fc.double({ min: 0.6, max: 1.6, noNaN: true }),
  scaleY: fc.double({ min: 0.6, max: 1.6, noNaN: true }),
  shiftX: fc.double({ min: -80, max: 80, noNaN: true }),
  shiftY: fc.double({ min: -60, max: 60, noNaN: true }),
  jitter: fc.double({ min: 0, max: 1.5, noNaN: true }),
});
const wild: fc.Arbitrary<Placing> = fc.record({
  angle: fc.double({ min: -3.15, max: 3.15, noNaN: true }),
  scaleX: fc.double({ min: -4, max: 4, noNaN: true }),
  scaleY: fc.double({ min: -4, max: 4, noNaN: true }),
  shiftX: fc
    .double({ min: -9000, max: 9000, noNaN: true })
    .map((shift) => (Math.abs(shift) > 4000 ? shift : shift / 40)),
  shiftY: fc.double({ min: -150, max: 150, noNaN: true }),
  jitter: fc.constantFrom(0, 2, 40, 4000),
});
/** Pictures of noise, or of the two extremes. */
const content = fc.constantFrom('noise', 'black', 'white', 'checks');

function paint(bytes: Uint8Array, kind: string, random: () => number): void {
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] =
      kind === 'noise' ? random() * 256 : kind === 'black' ? 0 : kind === 'white' ? 255 : (index & 1) * 255;
  }
}

const gain: fc.Arbitrary<ViewGain> = fc.record({
  luma: fc.double({ min: 0, max: 2, noNaN: true }),
  chroma: fc.double({ min: 0, max: 2, noNaN: true }),
  lumaOffset: fc.double({ min: -255, max: 255, noNaN: true }),
  uOffset: fc.double({ min: -255, max: 255, noNaN: true }),
  vOffset: fc.double({ min: -255, max: 255, noNaN: true }),
});

function planeGains(words: Int32Array, view: 0 | 1): ViewPlaneGains | undefined {
  const [used, luma, lumaAdd, chroma, u, v] = words.subarray(GAINS + view * GAIN_WORDS) as unknown as number[];
  if (used === 0) return undefined;
  return [
    { more: luma!, add: lumaAdd! },
    { more: chroma!, add: u! },
    { more: chroma!, add: v! },
  ];
}

type Stage = Awaited<ReturnType<typeof stripStage>>;

function place(
  stage: Stage,
  view: 0 | 1,
  placing: Placing,
  canvas: { widthPx: number; heightPx: number },
  random: () => number,
) {
  const { widthPx, heightPx } = stage.target.views[view];
  const [c, s] = [Math.cos(placing.angle), Math.sin(placing.angle)];
  fillNodes(stage.target, view, (x, y) => {
    const [dx, dy] = [x - canvas.widthPx / 2 + placing.shiftX, y - canvas.heightPx / 2 + placing.shiftY];
    return [
      (c * dx - s * dy) * placing.scaleX + widthPx / 2 + (random() - 0.5) * placing.jitter,
      (s * dx + c * dy) * placing.scaleY + heightPx / 2 + (random() - 0.5) * placing.jitter,
    ];
  });
}

function firstDifference(got: Uint8Array, wanted: Uint8Array): string {
  const at = got.findIndex((value, index) => value !== wanted[index]);
  return at === -1 ? 'none' : `byte ${at}: ${got[at]} instead of ${wanted[at]}`;
}

const scene = (placing: fc.Arbitrary<Placing>) =>
  fc.record({
    canvas: canvasSize,
    reference: size,
    target: size,
    placings: fc.tuple(placing, placing),
    contents: fc.tuple(content, content),
    gains: fc.option(fc.tuple(gain, gain), { nil: undefined }),
    featherPx: fc.integer({ min: 1, max: 300 }),
    workers: fc.integer({ min: 1, max: 3 }),
    hasBackdrop: fc.boolean(),
    variant: fc.constantFrom('simd' as const, 'relaxed' as const),
    seed: fc.integer(),
  });

type Scene = ReturnType<typeof scene> extends fc.Arbitrary<infer Value> ? Value : never;

async function matchesTwin(input: Scene): Promise<void> {
  const stage = await stripStage(input);
  const random = seeded(input.seed);
  for (const view of [0, 1] as const) {
    place(stage, view, input.placings[view], input.canvas, random);
    paint(stage.sources[view], input.contents[view], random);
  }

  const { offset, planes } = stage.backdrop;
  for (const plane of planes) plane.forEach((_, node) => (plane[node] = Math.floor(random() * 32_641)));
  stage.words[BACKDROP] = input.hasBackdrop ? offset : 0;

  const got = stage.draw(1, input.gains);

  const plan = planReference(stage.target, input.featherPx);
  const gains = [planeGains(stage.words, 0), planeGains(stage.words, 1)] as const;
  const wanted = drawReference(
    stage.target,
    plan,
    stage.sources,
    input.canvas,
    gains,
    input.hasBackdrop ? planes : undefined,
  );
  expect(firstDifference(got, wanted)).toBe('none');
}

describe('Strip', () => {
  it('draws what the scalar twin draws, byte by byte, for gentle warps', { timeout: 60_000 }, async () => {
    await fc.assert(fc.asyncProperty(scene(gentle), matchesTwin), { numRuns: 80 });
  });

  it(
    'draws what the scalar twin draws for turned, mirrored, folded, shrunk and far-away views',
    { timeout: 60_000 },
    async () => {
      await fc.assert(fc.asyncProperty(scene(wild), matchesTwin), { numRuns: 120 });
    },
  );
});
