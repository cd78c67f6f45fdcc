import { describe, expect, it } from 'vitest';
import { OnlineWindow } from '../../../../src/inference/stabstitch2/online-window.ts';

const meshes = (value: number): { reference: Float64Array; target: Float64Array } => ({
  reference: Float64Array.of(value, value + 0.5),
  target: Float64Array.of(-value, -value),
});

function aWindow(frames: number): OnlineWindow {
  const window = new OnlineWindow(3);
  for (let frame = 1; frame <= frames; frame += 1) window.push({ meshes: meshes(frame * 100), motions: meshes(frame) });
  return window;
}

describe('OnlineWindow', () => {
  it('is full with as many frames as it is long, and then lets the oldest go', () => {
    expect(aWindow(2).isFull).toBe(false);
    expect(aWindow(3).isFull).toBe(true);
    expect(aWindow(5).frames.map(({ meshes: { reference } }) => reference[0])).toEqual([300, 400, 500]);
  });

  it('starts the path at zero with its oldest frame, whatever that one’s own motion was', () => {
    const inputs = aWindow(5).inputs();

    expect([...inputs.path_reference]).toEqual([0, 0, 4, 4.5, 9, 10]);
    expect([...inputs.path_target]).toEqual([0, 0, -4, -4, -9, -9]);
    expect([...inputs.mesh_reference]).toEqual([300, 300.5, 400, 400.5, 500, 500.5]);
  });

  it('is empty after a reset', () => {
    const window = aWindow(3);

    window.reset();

    expect(window.frames).toHaveLength(0);
  });
});
