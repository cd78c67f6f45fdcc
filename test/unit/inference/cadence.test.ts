import { describe, expect, it } from 'vitest';

import { Cadence, cadenceOn, type CadenceReply } from '../../../src/inference/cadence.ts';

const geometry = {};
const FRAME_US = 40_000;

/** Plays pairs at 25 a second against networks of known cost; returns the steps with the time that each took. */
function play(
  budgetShare: number,
  cost: { anchorMs: number; trackMs: number },
  seconds: number,
  reply: (step: string) => Partial<CadenceReply> = () => ({}),
  cadence = new Cadence({ budgetShare }),
): { anchors: number; tracks: number; share: number } {
  let [anchors, tracks, busyMs, freeUs] = [0, 0, 0, 0];
  for (let nowUs = 0; nowUs < seconds * 1e6; nowUs += FRAME_US) {
    if (nowUs < freeUs) continue;
    const step = cadence.next(nowUs);
    if (step === 'skip') continue;
    const spatialMs = step === 'anchor' ? cost.anchorMs : 0;
    const total = spatialMs + cost.trackMs;
    if (step === 'anchor') anchors += 1;
    else tracks += 1;
    busyMs += total;
    freeUs = nowUs + total * 1000;
    const networkMs = { ...(spatialMs > 0 ? { spatial: spatialMs } : {}), track: cost.trackMs, total };
    cadence.note({ geometry, jumped: false, isMoving: false, networkMs, ...reply(step) }, step === 'anchor', freeUs);
  }
  return { anchors: anchors / seconds, tracks: tracks / seconds, share: busyMs / (seconds * 1000) };
}

describe('cadence of the networks', () => {
  it('starts with a comparison', () => {
    expect(new Cadence({ budgetShare: 0.25 }).next(0)).toBe('anchor');
  });

  it.each([0.05, 0.15, 0.3, 0.6])('stays within a budget of %s of a core, whether cameras move or not', (budget) => {
    for (const trackMs of [4, 28]) {
      expect(play(budget, { anchorMs: 35, trackMs }, 60).share).toBeLessThan(budget * 1.25 + 0.02);
    }
  });

  it('compares one to five times a second on an ordinary budget', () => {
    const { anchors } = play(0.25, { anchorMs: 35, trackMs: 4 }, 60);
    expect(anchors).toBeGreaterThan(1);
    expect(anchors).toBeLessThanOrEqual(5);
  });

  it('spends all of the budget on comparisons while cameras move and their motions are known', () => {
    const cost = { anchorMs: 70, trackMs: 3 };
    const still = play(0.25, cost, 60);
    const moving = play(0.25, cost, 60, () => ({ isMoving: true }));
    expect(moving.anchors).toBeGreaterThan(1.7 * still.anchors);
    expect(moving.tracks).toBe(0);
    expect(moving.share).toBeLessThan(0.25 * 1.25 + 0.02);
  });

  it('compares at least every four seconds, however small the budget', () => {
    expect(play(0.01, { anchorMs: 300, trackMs: 60 }, 60).anchors).toBeGreaterThan(0.2);
  });

  it.each([2, 4])('takes a %sth of the time when it is told to, and still compares every four seconds', (slowdown) => {
    const cost = { anchorMs: 35, trackMs: 10 };
    const slowed = new Cadence({ budgetShare: 0.3 });
    slowed.slowDown(slowdown);

    const usual = play(0.3, cost, 60);
    const slow = play(0.3, cost, 60, undefined, slowed);

    expect(slow.share).toBeLessThan((usual.share / slowdown) * 1.5);
    expect(slow.anchors).toBeGreaterThan(0.2);
  });

  it('leaves out pairs of networks that run for every one when it is told to', () => {
    const cadence = new Cadence({ budgetShare: 0.3, mode: () => 'every-frame' });
    cadence.slowDown(4);

    const steps = Array.from({ length: 12 }, (_, index) => cadence.next(index * FRAME_US));

    expect(steps.filter((step) => step === 'anchor')).toHaveLength(3);
  });

  it('follows cheap cameras more often than dear ones', () => {
    const cheap = play(0.25, { anchorMs: 35, trackMs: 4 }, 30).tracks;
    const dear = play(0.25, { anchorMs: 35, trackMs: 28 }, 30).tracks;
    expect(cheap).toBeGreaterThan(2 * dear);
    expect(dear).toBeGreaterThan(2);
  });

  it('compares anew soon after a jump, and searches while nothing is aligned', () => {
    const calm = play(0.25, { anchorMs: 35, trackMs: 4 }, 30).anchors;
    const searching = play(0.25, { anchorMs: 35, trackMs: 4 }, 30, () => ({ geometry: undefined })).anchors;
    const jumping = play(0.25, { anchorMs: 35, trackMs: 4 }, 30, () => ({ jumped: true })).anchors;
    expect(searching).toBeGreaterThan(1.5 * calm);
    expect(jumping).toBeGreaterThan(1.5 * calm);
  });

  it('compares every pair as long as the provider runs every frame', () => {
    let mode: 'live' | 'every-frame' = 'every-frame';
    const cadence = new Cadence({ budgetShare: 0.05, mode: () => mode });
    const reply = { geometry, jumped: false, isMoving: false, networkMs: { spatial: 300, total: 400 } };

    const steps = [0, 1, 2].map((frame) => {
      const step = cadence.next(frame * FRAME_US);
      cadence.note(reply, true, frame * FRAME_US);
      return step;
    });
    mode = 'live';

    expect(steps).toEqual(['anchor', 'anchor', 'anchor']);
    expect(cadence.next(3 * FRAME_US)).toBe('skip');
  });
});

describe('cadenceOn', () => {
  it.each([
    ['stabstitch2', 'cuda', 'live', 'every-frame'],
    ['stabstitch2', 'webgpu', 'live', 'every-frame'],
    ['stabstitch2', 'cpu', 'live', 'live'],
    ['stabstitch2', 'cpu', 'every-frame', 'every-frame'],
    ['lite', 'cuda', 'live', 'live'],
    ['lite', 'cpu', 'every-frame', 'every-frame'],
  ] as const)('%s on %s, wanted %s: %s', (kind, provider, wanted, expected) => {
    expect(cadenceOn(provider, kind, wanted)).toBe(expected);
  });
});
