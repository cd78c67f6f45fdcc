// How far a point of a view is inside it. Both views' weights are made of these, at the nodes and at edge pixels.

/** Distance in px from the usable border on one axis: ≤ 0 outside; usable is 1 … last, last = extent − 2. */
@inline
export function insideOf(at: v128, last: v128): v128 {
  return f32x4.pmin(f32x4.sub(at, f32x4.splat(1)), f32x4.sub(last, at));
}

@inline
export function positive(v: v128): v128 {
  return f32x4.pmax(v, f32x4.splat(0));
}

/** Share of the target view between the weights w0 and w1, sharpened about the middle, 0 … 1. */
@inline
export function fade(w0: v128, w1: v128, sharp: v128): v128 {
  const half = f32x4.splat(0.5);
  const share = f32x4.div(w1, f32x4.pmax(f32x4.add(w0, w1), f32x4.splat(1e-6)));
  return f32x4.pmin(positive(f32x4.add(f32x4.mul(f32x4.sub(share, half), sharp), half)), f32x4.splat(1));
}

/** x (axis 0) or y (axis 1) of four nodes in px. */
@inline
export function coordinates(node: usize, axis: i32): v128 {
  const a = v128.load(node);
  const b = v128.load(node, 16);
  const fixed = axis == 0 ? v128.shuffle<i32>(a, b, 0, 2, 4, 6) : v128.shuffle<i32>(a, b, 1, 3, 5, 7);
  return f32x4.mul(f32x4.convert_i32x4_s(fixed), f32x4.splat(<f32>(1.0 / 65536.0)));
}
