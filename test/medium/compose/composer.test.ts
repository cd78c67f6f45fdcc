import { afterEach, describe, expect, it } from 'vitest';
import type { Composer } from '../../../src/compose/composer.ts';
import { composerStage, placed, type StageOptions } from './composer-stage.ts';

const options: StageOptions = {
  canvas: { widthPx: 512, heightPx: 192 },
  reference: { widthPx: 320, heightPx: 180 },
  target: { widthPx: 240, heightPx: 136 },
};

const open: Composer[] = [];

async function stage(more: Partial<StageOptions> = {}) {
  const made = await composerStage({ ...options, ...more });
  open.push(made.composer);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((composer) => composer.close()));
});

describe('Composer', () => {
  it('draws the same bytes with one, two and five workers', async () => {
    const pictures: Uint8Array[] = [];
    for (const workers of [1, 2, 5]) {
      const { composer, reference, target } = await stage({ workers });
      reference.bytes.forEach((_, index) => (reference.bytes[index] = (index * 31) % 255));
      target.bytes.forEach((_, index) => (target.bytes[index] = (index * 17) % 253));
      await composer.setGeometry(placed(options, 1, [4, 3], [250, 20, 1.04]), 0);
      pictures.push((await composer.compose(reference, target)).bytes.slice());
    }

    expect(Buffer.compare(pictures[0]!, pictures[1]!)).toBe(0);
    expect(Buffer.compare(pictures[0]!, pictures[2]!)).toBe(0);
    expect(new Set(pictures[0]).size).toBeGreaterThan(200);
  });

  it('puts both views where the geometry says, and black around them', async () => {
    const { composer, reference, target } = await stage();
    reference.bytes.fill(200, 0, 320 * 180);
    target.bytes.fill(90, 0, 240 * 136);
    await composer.setGeometry(placed(options, 7, [0, 0], [320, 30, 0.75]), 0);

    const panorama = await composer.compose(reference, target);

    const at = (x: number, y: number) => panorama.bytes[y * 512 + x];
    expect(panorama.geometryVersion).toBe(7);
    expect(panorama.framesLeft).toBe(0);
    expect(at(160, 90)).toBe(200);
    expect(at(400, 80)).toBe(90);
    expect(at(400, 28)).toBe(16);
    expect(at(505, 80)).toBe(16);
  });

  it('moves to a new geometry in equal steps and says how many are left', async () => {
    const { composer, reference, target } = await stage();
    reference.bytes.forEach((_, index) => (reference.bytes[index] = index % 320 < 160 ? 40 : 220));
    await composer.setGeometry(placed(options, 1, [0, 0], [320, 30, 0.75]), 0);
    (await composer.compose(reference, target)).release();
    await composer.setGeometry(placed(options, 2, [80, 0], [320, 30, 0.75]), 4);

    const edges: number[] = [];
    const left: number[] = [];
    for (let frame = 0; frame < 5; frame += 1) {
      const panorama = await composer.compose(reference, target);
      edges.push(panorama.bytes.subarray(90 * 512 + 100, 90 * 512 + 300).findIndex((value) => value > 130) + 100);
      left.push(panorama.framesLeft);
      panorama.release();
    }

    expect(edges).toEqual([180, 200, 220, 240, 240]);
    expect(left).toEqual([3, 2, 1, 0, 0]);
  });

  it('lets a newer geometry take the place of one that waits', async () => {
    const { composer, reference, target } = await stage();

    await Promise.all(
      [1, 2, 3, 4, 5].map((version) => composer.setGeometry(placed(options, version, [0, 0], [300, 9]), 0)),
    );

    expect((await composer.compose(reference, target)).geometryVersion).toBe(5);
  });

  it('keeps the old geometry when a new one cannot be drawn', async () => {
    const { composer, reference, target } = await stage();
    await composer.setGeometry(placed(options, 1, [0, 0], [300, 9]), 0);
    const collapsed = { ...placed(options, 2, [0, 0], [300, 9]), target: new Float64Array(126) };
    const broken = { ...placed(options, 3, [0, 0], [300, 9]), target: new Float64Array(126).fill(NaN) };
    const foreign = { ...placed(options, 4, [0, 0], [300, 9]), canvas: { widthPx: 528, heightPx: 192 } };

    await expect(composer.setGeometry(collapsed, 0)).rejects.toThrow(RangeError);
    await expect(composer.setGeometry(broken, 0)).rejects.toThrow(RangeError);
    await expect(composer.setGeometry(foreign, 0)).rejects.toThrow('another canvas');
    expect((await composer.compose(reference, target)).geometryVersion).toBe(1);
  });

  it('refuses to draw before the first geometry, twice at a time, or without a free canvas', async () => {
    const { composer, reference, target } = await stage({ canvases: 2 });
    await expect(composer.compose(reference, target)).rejects.toThrow('no geometry');
    await composer.setGeometry(placed(options, 1, [0, 0], [300, 9]), 0);

    const first = composer.compose(reference, target);
    await expect(composer.compose(reference, target)).rejects.toThrow('already');
    const panorama = await first;
    const second = await composer.compose(reference, target);

    expect(composer.freeCanvases).toBe(0);
    await expect(composer.compose(reference, target)).rejects.toThrow('no canvas');
    panorama.retain();
    panorama.release();
    expect(composer.freeCanvases).toBe(0);
    panorama.release();
    expect(composer.freeCanvases).toBe(1);
    const third = await composer.compose(reference, target);
    expect(third.byteOffset).toBe(panorama.byteOffset);
    expect(third.byteOffset).not.toBe(second.byteOffset);
  });

  it('holds the frames while it draws and gives them back', async () => {
    const { composer, reference, target } = await stage();
    await composer.setGeometry(placed(options, 1, [0, 0], [300, 9]), 0);

    const drawing = composer.compose(reference, target);
    reference.release();
    target.release();
    await drawing;

    expect(() => reference.release()).toThrow('too often');
    expect(() => target.release()).toThrow('too often');
  });

  it('measures how both views look in the overlap, over all workers', async () => {
    const { composer, reference, target } = await stage({ workers: 2 });
    reference.bytes.fill(120, 0, 320 * 180).fill(110, 320 * 180);
    target.bytes.fill(80, 0, 240 * 136).fill(130, 240 * 136);
    await composer.setGeometry(placed(options, 1, [0, 0], [200, 9]), 0);

    const measured = (await composer.compose(reference, target, { measureOverlap: true })).overlap;
    await composer.setGeometry(placed(options, 2, [0, 0, 0.5], [260, 9]), 0);
    const apart = (await composer.compose(reference, target, { measureOverlap: true })).overlap;

    expect(measured?.luma).toBeCloseTo(Math.log((120 - 16) / (80 - 16)), 9);
    expect([measured?.u, measured?.v]).toEqual([-20, -20]);
    expect(measured?.blocks).toBeGreaterThan(30);
    expect(apart).toBeUndefined();
  });

  it('ends its workers on close, also twice, and answers no one afterwards', async () => {
    const { composer, reference, target } = await stage({ workers: 2 });
    await composer.setGeometry(placed(options, 1, [0, 0], [300, 9]), 0);
    const panorama = await composer.compose(reference, target);

    await composer.close();
    await composer.close();

    await expect(composer.compose(reference, target)).rejects.toThrow();
    await expect(composer.setGeometry(placed(options, 2, [0, 0], [300, 9]), 0)).rejects.toThrow('closed');
    expect(panorama.bytes[0]).toBeDefined();
  });

  it('reports a lost worker at once instead of waiting for its part', async () => {
    const { composer, reference, target } = await stage({ workers: 2 });
    await composer.setGeometry(placed(options, 1, [0, 0], [200, 9]), 0);
    const outside = { ...target, size: target.size, byteOffset: 2 ** 30, retain: () => {}, release: () => {} };

    await expect(composer.compose(reference, outside)).rejects.toThrow('a compose worker failed');

    await expect(composer.compose(reference, target)).rejects.toThrow('a compose worker failed');
    expect(composer.freeCanvases).toBe(3);
    await composer.close();
  });

  it('refuses sizes it cannot draw', async () => {
    await expect(stage({ canvas: { widthPx: 500, heightPx: 192 } })).rejects.toThrow('divisible by 16');
    await expect(stage({ reference: { widthPx: 321, heightPx: 180 } })).rejects.toThrow('even');
    await expect(stage({ workers: 0 })).rejects.toThrow('workers');
  });
});
