// How far a point of a view is inside it. Both views' weights are made of these, at the nodes and at edge pixels.

/** Distance in px from the usable border on one axis: ≤ 0 outside, usable is 1 … extent − 2. */
@inline
export function inside(at: f32, extent: i32): f32 {
  return Mathf.min(at - 1, <f32>(extent - 2) - at);
}

/** 16.16 as f32 pixels. */
@inline
export function pixels(fixed: i32): f32 {
  return <f32>fixed * <f32>(1.0 / 65536.0);
}
