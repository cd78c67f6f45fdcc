/** Bilinear sample of a plane at integer-centre coordinates, the border repeated. */
@inline
function sample(plane: usize, width: i32, height: i32, x: f32, y: f32): f32 {
  const cx = Mathf.min(Mathf.max(x, 0), <f32>(width - 1));
  const cy = Mathf.min(Mathf.max(y, 0), <f32>(height - 1));
  const x0 = min(<i32>cx, max(width - 2, 0));
  const y0 = min(<i32>cy, max(height - 2, 0));
  const right = width > 1 ? 1 : 0;
  const below = height > 1 ? width : 0;
  const fx = cx - <f32>x0;
  const fy = cy - <f32>y0;
  const p = plane + <usize>(y0 * width + x0);
  const a = <f32>load<u8>(p);
  const b = <f32>load<u8>(p + right);
  const c = <f32>load<u8>(p + below);
  const d = <f32>load<u8>(p + below + right);
  const top = a + (b - a) * fx;
  return top + (c + (d - c) * fx - top) * fy;
}

@inline
function limited(v: f32): f32 {
  return Mathf.min(Mathf.max(v, 0), 255);
}

/**
 * I420 (limited range) to planar float32, (value − mean) / divisor, bilinear with half-pixel centres and without
 * antialiasing, as the published StabStitch++ code scales its input. bgr: order of the planes; bt709: 0 = BT.601.
 */
export function scaleRgb(
  source: usize, width: i32, height: i32, target: usize, targetWidth: i32, targetHeight: i32, bgr: i32, bt709: i32,
  mean: f32, divisor: f32,
): void {
  const u = source + <usize>(width * height);
  const halfWidth = width >> 1;
  const halfHeight = height >> 1;
  const v = u + <usize>(halfWidth * halfHeight);
  const plane = <usize>(targetWidth * targetHeight) * 4;
  const first = bgr ? target + 2 * plane : target;
  const last = bgr ? target : target + 2 * plane;
  const ratioX = <f32>width / <f32>targetWidth;
  const ratioY = <f32>height / <f32>targetHeight;
  const redV: f32 = bt709 ? 1.792741 : 1.596027;
  const greenU: f32 = bt709 ? -0.213249 : -0.391762;
  const greenV: f32 = bt709 ? -0.532909 : -0.812968;
  const blueU: f32 = bt709 ? 2.112402 : 2.017232;
  let at: usize = 0;
  for (let ty = 0; ty < targetHeight; ty++) {
    const y = (<f32>ty + <f32>0.5) * ratioY - <f32>0.5;
    for (let tx = 0; tx < targetWidth; tx++, at += 4) {
      const x = (<f32>tx + <f32>0.5) * ratioX - <f32>0.5;
      const luma = (sample(source, width, height, x, y) - 16) * <f32>1.164384;
      const cb = sample(u, halfWidth, halfHeight, x * <f32>0.5, (y - <f32>0.5) * <f32>0.5) - 128;
      const cr = sample(v, halfWidth, halfHeight, x * <f32>0.5, (y - <f32>0.5) * <f32>0.5) - 128;
      store<f32>(first + at, (limited(luma + redV * cr) - mean) / divisor);
      store<f32>(target + plane + at, (limited(luma + greenU * cb + greenV * cr) - mean) / divisor);
      store<f32>(last + at, (limited(luma + blueU * cb) - mean) / divisor);
    }
  }
}
