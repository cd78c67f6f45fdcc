// V8 builds v128.const anew in each round of a loop; constants that are loaded from memory into locals stay in
// registers (measured: 8 to 10 % of the whole kernel).
const CONSTANTS: usize = memory.data<u16>(
  [
    255, 255, 255, 255, 255, 255, 255, 255, 128, 128, 128, 128, 128, 128, 128, 128, 257, 257, 257, 257, 257, 257, 257,
    257, 256, 256, 256, 256, 256, 256, 256, 256, 0x7ff8, 0x7ff8, 0x7ff8, 0x7ff8, 0x7ff8, 0x7ff8, 0x7ff8, 0x7ff8, 64, 64,
    64, 64, 64, 64, 64, 64, 0, 1, 2, 3, 4, 5, 6, 7, 0, 0x4000, 0, 0x4000, 0, 0x4000, 0, 0x4000,
  ],
  16,
);

@inline
export function lowBytes(): v128 {
  return v128.load(CONSTANTS);
}
@inline
export function rowUnits(): v128 {
  return v128.load(CONSTANTS, 16);
}
@inline
export function pairFactor(): v128 {
  return v128.load(CONSTANTS, 32);
}
@inline
export function pairOffset(): v128 {
  return v128.load(CONSTANTS, 48);
}
@inline
export function fractionMask(): v128 {
  return v128.load(CONSTANTS, 64);
}
@inline
export function rounding(): v128 {
  return v128.load(CONSTANTS, 80);
}
@inline
export function laneNumbers(): v128 {
  return v128.load(CONSTANTS, 96);
}

@inline
export function smaller(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

// Both relaxed operations are used only where every engine must give the standard result: indices below 16, and never
// −32768 × −32768. So both modules give the same bytes.
@inline
export function pick(bytes: v128, index: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(bytes, index);
  return i8x16.swizzle(bytes, index);
}
@inline
export function scaleQ15(a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i16x8.relaxed_q15mulr_s(a, b);
  return i16x8.q15mulr_sat_s(a, b);
}

/** Eight bilinear samples from three source rows, 7 fractional bits. w0…w2: weight of each row, sum 128. */
@inline
export function sampleThreeRows(
  p: usize, stride: usize, index: v128, w0: v128, w1: v128, w2: v128, fraction: v128, low: v128,
): v128 {
  const s0 = pick(v128.load(p), index);
  const s1 = pick(v128.load(p + stride), index);
  const s2 = pick(v128.load(p + stride + stride), index);
  const left = i16x8.add(
    i16x8.add(i16x8.mul(v128.and(s0, low), w0), i16x8.mul(v128.and(s1, low), w1)),
    i16x8.mul(v128.and(s2, low), w2),
  );
  const right = i16x8.add(
    i16x8.add(i16x8.mul(i16x8.shr_u(s0, 8), w0), i16x8.mul(i16x8.shr_u(s1, 8), w1)),
    i16x8.mul(i16x8.shr_u(s2, 8), w2),
  );
  return i16x8.add(left, scaleQ15(i16x8.sub(right, left), fraction));
}

/** The same over all rows that eight steep samples touch: each row weighs max(0, 128 − |distance|). */
@inline
export function sampleAllRows(p: usize, stride: usize, rows: i32, index: v128, y8: v128, fraction: v128, low: v128): v128 {
  let left = i16x8.splat(0);
  let right = i16x8.splat(0);
  for (let row = 0; row < rows; row++) {
    const weight = i16x8.sub_sat_u(rowUnits(), i16x8.abs(i16x8.sub(y8, i16x8.splat(<i16>(row << 7)))));
    const s = pick(v128.load(p), index);
    left = i16x8.add(left, i16x8.mul(v128.and(s, low), weight));
    right = i16x8.add(right, i16x8.mul(i16x8.shr_u(s, 8), weight));
    p += stride;
  }
  return i16x8.add(left, scaleQ15(i16x8.sub(right, left), fraction));
}

/** background + (value − background) · alpha; background in grey levels, alpha in Q15, value and result 7 fractional bits. */
@inline
export function blendOver(background: v128, value: v128, alpha: v128): v128 {
  const under = i16x8.shl(background, 7);
  return i16x8.add(under, scaleQ15(i16x8.sub(value, under), alpha));
}

/** Alpha of 8 bits in Q15; 255 gives 32767. */
@inline
export function alphaQ15(alpha8: v128): v128 {
  return v128.or(i16x8.shl(alpha8, 7), i16x8.shr_u(alpha8, 1));
}

@inline
export function toBytes(a: v128, b: v128, half: v128): v128 {
  return i8x16.narrow_i16x8_u(i16x8.shr_s(i16x8.add(a, half), 7), i16x8.shr_s(i16x8.add(b, half), 7));
}

/** value · (1 + more) + add about `centre`, kept within 0 … 255 grey levels. more in Q15, the others 7 fractional bits. */
@inline
export function withGain(value: v128, centre: v128, more: v128, add: v128): v128 {
  const v = i16x8.sub(value, centre);
  const scaled = i16x8.add_sat_s(i16x8.add_sat_s(v, i16x8.q15mulr_sat_s(v, more)), add);
  return i16x8.min_s(i16x8.max_s(i16x8.add_sat_s(scaled, centre), i16x8.splat(0)), i16x8.splat(32640));
}

/** Prepares one row of cells: cur = the nodes at the first pixel row, step = what each further pixel row adds. */
@inline
export function startRow(cur: usize, step: usize, top: usize, bottom: usize, bytes: usize, chroma: bool): void {
  // Chroma is sited at the left luma column and between two luma rows (H.264, Annex E, type 0): x / 2, (y − 0.5) / 2,
  // and its first row lies half a luma row below the node.
  const shift = chroma ? i32x4(0, -32768, 0, -32768) : i32x4.splat(0);
  const half = i32x4(0, 256, 0, 256);
  for (let i: usize = 0; i < bytes; i += 16) {
    let a = v128.load(top + i);
    let b = v128.load(bottom + i);
    if (chroma) {
      a = i32x4.shr_s(i32x4.add(a, shift), 1);
      b = i32x4.shr_s(i32x4.add(b, shift), 1);
    }
    a = i32x4.add(a, half);
    b = i32x4.add(b, half);
    const d = i32x4.sub(b, a);
    v128.store(step + i, i32x4.shr_s(d, chroma ? 3 : 4));
    v128.store(cur + i, chroma ? i32x4.add(a, i32x4.shr_s(d, 5)) : a);
  }
}

/** The same for one row of node weights. */
@inline
export function startWeights(cur: usize, step: usize, top: usize, bottom: usize, bytes: usize, chroma: bool): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    const a = v128.load(top + i);
    const d = i32x4.sub(v128.load(bottom + i), a);
    v128.store(step + i, i32x4.shr_s(d, chroma ? 3 : 4));
    v128.store(cur + i, chroma ? i32x4.add(a, i32x4.shr_s(d, 5)) : a);
  }
}

@inline
export function stepRow(cur: usize, step: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(cur + i, i32x4.add(v128.load(cur + i), v128.load(step + i)));
}

/** One sample with the SIMD paths' arithmetic; coordinates in 20.12, moved into the plane first. 7 fractional bits. */
@inline
export function sampleOne(source: usize, stride: i32, width: i32, height: i32, x12: i32, y12: i32): i32 {
  const x = min(max(x12, 0), ((width - 1) << 12) - 1);
  const y = min(max(y12, 0), ((height - 1) << 12) - 1);
  const p = source + <usize>((y >> 12) * stride + (x >> 12));
  const fy = (y & 4095) >> 5;
  const left = <i32>load<u8>(p) * (128 - fy) + <i32>load<u8>(p + stride) * fy;
  const right = <i32>load<u8>(p, 1) * (128 - fy) + <i32>load<u8>(p + stride, 1) * fy;
  return left + (((right - left) * ((x & 4095) << 3) + 16384) >> 15);
}

/** withGain of one value. */
@inline
export function gainOne(value: i32, centre: i32, more: i32, add: i32): i32 {
  const v = value - centre;
  const scaled = saturate(saturate(v + ((v * more + 16384) >> 15)) + add);
  return min(max(saturate(scaled + centre), 0), 32640);
}

@inline
function saturate(v: i32): i32 {
  return min(max(v, -32768), 32767);
}

/** Blends one value over a canvas byte and stores it. */
@inline
export function putOne(at: usize, value: i32, alpha: i32, copies: bool): void {
  let v = value;
  if (!copies) {
    const under = <i32>load<u8>(at) << 7;
    v = under + (((v - under) * alpha + 16384) >> 15);
  }
  store<u8>(at, <u8>min(max((v + 64) >> 7, 0), 255));
}
