/** ln(x) for x > 0: exponent and a polynomial of the mantissa about 1 (Cephes logf); relative error below 1e-7. */
@inline
function naturalLog(x: v128): v128 {
  const exponent = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
  const m = f32x4.sub(i32x4.sub(x, i32x4.shl(exponent, 23)), f32x4.splat(1.0));
  let p = f32x4.splat(7.0376836292e-2);
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(-1.1514610310e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(1.1676998740e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(-1.2420140846e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(1.4249322787e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(-1.6668057665e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(2.0000714765e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(-2.4999993993e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(3.3333331174e-1));
  const z = f32x4.mul(m, m);
  const l = f32x4.add(f32x4.sub(f32x4.mul(f32x4.mul(p, m), z), f32x4.mul(z, f32x4.splat(0.5))), m);
  return f32x4.add(l, f32x4.mul(f32x4.convert_i32x4_s(exponent), f32x4.splat(0.6931471805599453)));
}

/** 16.16 of a coordinate in pixels, kept within ±8191 px so that the difference of two nodes never overflows. */
@inline
function toFixed(v: v128): v128 {
  const limited = f32x4.pmin(f32x4.pmax(v, f32x4.splat(-8191)), f32x4.splat(8191));
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(limited, f32x4.splat(65536))));
}

/**
 * Evaluates a thin-plate spline at the nodes of the canvas. control: `count` points {x, y, weight x, weight y}, f32;
 * affine: {1, x, y} for x, then for y, f32; x0, y0: the first node in the spline's normalised units, stepX, stepY: from
 * node to node; out: columns × rows nodes {x, y} and 32 bytes of slack.
 */
export function tpsNodes(
  control: usize, count: i32, affine: usize, x0: f32, y0: f32, stepX: f32, stepY: f32, columns: i32, rows: i32, out: usize,
): void {
  const end = control + <usize>count * 16;
  const epsilon = f32x4.splat(1e-6);
  for (let j = 0; j < rows; j++) {
    const y = f32x4.splat(y0 + stepY * <f32>j);
    for (let i = 0; i < columns; i += 4) {
      const number = f32x4.add(f32x4.splat(<f32>i), f32x4(0, 1, 2, 3));
      const x = f32x4.add(f32x4.splat(x0), f32x4.mul(f32x4.splat(stepX), number));
      let u = f32x4.add(f32x4.mul(v128.load32_splat(affine, 4), x), f32x4.mul(v128.load32_splat(affine, 8), y));
      let v = f32x4.add(f32x4.mul(v128.load32_splat(affine, 16), x), f32x4.mul(v128.load32_splat(affine, 20), y));
      u = f32x4.add(u, v128.load32_splat(affine));
      v = f32x4.add(v, v128.load32_splat(affine, 12));
      let sumU = f32x4.splat(0);
      let sumV = f32x4.splat(0);
      for (let c = control; c < end; c += 16) {
        const dx = f32x4.sub(x, v128.load32_splat(c));
        const dy = f32x4.sub(y, v128.load32_splat(c, 4));
        const r2 = f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy));
        const k = f32x4.mul(r2, naturalLog(f32x4.add(r2, epsilon)));
        sumU = f32x4.add(sumU, f32x4.mul(k, v128.load32_splat(c, 8)));
        sumV = f32x4.add(sumV, f32x4.mul(k, v128.load32_splat(c, 12)));
      }
      const fx = toFixed(f32x4.add(u, sumU));
      const fy = toFixed(f32x4.add(v, sumV));
      v128.store(out, i32x4.shuffle(fx, fy, 0, 4, 1, 5));
      v128.store(out, i32x4.shuffle(fx, fy, 2, 6, 3, 7), 16);
      const left: usize = <usize>(columns - i);
      out += (left < 4 ? left : 4) * 8;
    }
  }
  // The slack is read as nodes by planCells and must lie outside every view.
  memory.fill(out, 0, 32);
}

/**
 * Moves the shown nodes towards others by `share` of what is left: shown += trunc((to − shown) · share); 1 copies.
 * bytes: a multiple of 16.
 */
export function advanceNodes(shown: usize, to: usize, bytes: usize, share: f32): void {
  if (share >= 1) {
    memory.copy(shown, to, bytes);
    return;
  }
  const s = f32x4.splat(share);
  for (let i: usize = 0; i < bytes; i += 16) {
    const from = v128.load(shown + i);
    const d = f32x4.convert_i32x4_s(i32x4.sub(v128.load(to + i), from));
    v128.store(shown + i, i32x4.add(from, i32x4.trunc_sat_f32x4_s(f32x4.mul(d, s))));
  }
}
