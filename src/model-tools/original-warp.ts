import type { Mesh } from '../contract/warp-state.ts';
import { ThinPlateSplineFitter } from '../geometry/thin-plate-spline.ts';
import type { OriginalCanvas } from './original-canvas.ts';
import type { Picture } from './picture.ts';

/** A view drawn on the canvas. */
export interface WarpedView {
  /** Red, green, blue, interleaved, 0 … 255, not rounded. */
  readonly rgb: Float32Array;
  /** The same of a picture of ones: 1 inside the view, 0 outside. */
  readonly mask: Float32Array;
}

/**
 * The published script's own warp (models-stabstitch2, sections 3.5 and 8, "NORMAL"), every pixel through the spline:
 * slow, and for comparing pictures only.
 * @param mesh control points of the view, pixels of the view's size and the canvas's plane
 * @param rigid the rigid mesh over the picture
 */
export function warpView(picture: Picture, mesh: Mesh, rigid: Mesh, canvas: OriginalCanvas): WarpedView {
  const { widthPx, heightPx } = canvas;
  const points = mesh.map((value, index) => value - (index % 2 === 0 ? canvas.xMin : canvas.yMin));
  const plane = { widthPx: canvas.width, heightPx: canvas.height };
  const spline = new ThinPlateSplineFitter(points, plane).fit(rigid);
  const rgb = new Float32Array(widthPx * heightPx * 3);
  const mask = new Float32Array(widthPx * heightPx);
  for (let row = 0; row < heightPx; row += 1) {
    for (let col = 0; col < widthPx; col += 1) {
      const [x, y] = spline.map((col / (widthPx - 1)) * canvas.width, (row / (heightPx - 1)) * canvas.height);
      const isInside = x >= 0 && y >= 0 && x < picture.widthPx - 1 && y < picture.heightPx - 1;
      if (!isInside) continue;
      const pixel = row * widthPx + col;
      mask[pixel] = 1;
      sample(picture, x, y, rgb, pixel * 3);
    }
  }
  return { rgb, mask };
}

function sample(picture: Picture, x: number, y: number, target: Float32Array, at: number): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [dx, dy] = [x - left, y - top];
  const stride = picture.widthPx * 3;
  for (let channel = 0; channel < 3; channel += 1) {
    const first = top * stride + left * 3 + channel;
    const value = (offset: number): number => picture.rgb[first + offset] ?? 0;
    const upper = value(0) * (1 - dx) + value(3) * dx;
    const lower = value(stride) * (1 - dx) + value(stride + 3) * dx;
    target[at + channel] = upper * (1 - dy) + lower * dy;
  }
}
