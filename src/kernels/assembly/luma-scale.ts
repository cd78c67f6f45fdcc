/** Share of the source cell `at` … `at + 1` that lies in the interval, in source cells. */
@inline
function overlap(at: i32, from: f64, to: f64): f32 {
  return <f32>Math.max(0, Math.min(<f64>(at + 1), to) - Math.max(<f64>at, from));
}

/** Weighted mean of a stripe of source rows, f32, `width` values and 16 of slack. */
@inline
function meanOfRows(source: usize, width: i32, height: i32, from: f64, to: f64, row: usize): void {
  const first = <i32>from;
  const inverse = <f32>(1.0 / (to - from));
  for (let x = 0; x < width; x += 16) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    for (let y = first; y < height && <f64>y < to; y++) {
      const w = f32x4.splat(overlap(y, from, to) * inverse);
      const bytes = v128.load(source + <usize>(y * width + x));
      const low = i16x8.extend_low_i8x16_u(bytes);
      const high = i16x8.extend_high_i8x16_u(bytes);
      a = f32x4.add(a, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(low)), w));
      b = f32x4.add(b, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(low)), w));
      c = f32x4.add(c, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(high)), w));
      d = f32x4.add(d, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(high)), w));
    }
    const at = row + (<usize>x << 2);
    v128.store(at, a);
    v128.store(at, b, 16);
    v128.store(at, c, 32);
    v128.store(at, d, 48);
  }
}

/** For each target column its first source column (i32), then `taps` weights (f32). */
@inline
function columnTable(table: usize, width: i32, targetWidth: i32, taps: i32): void {
  const ratio = <f64>width / <f64>targetWidth;
  for (let column = 0; column < targetWidth; column++) {
    const from = <f64>column * ratio;
    const to = <f64>(column + 1) * ratio;
    const first = <i32>from;
    const entry = table + <usize>(column * (taps + 1)) * 4;
    store<i32>(entry, first);
    for (let tap = 0; tap < taps; tap++) {
      store<f32>(entry + <usize>(tap + 1) * 4, overlap(first + tap, from, to) * <f32>(1.0 / ratio));
    }
  }
}

/** The weighted source columns of one target column, four partial sums. */
@inline
function columnSums(row: usize, entry: usize, taps: i32): v128 {
  const at = row + (<usize>load<i32>(entry) << 2);
  let sum = f32x4.mul(v128.load(at), v128.load(entry, 4));
  for (let tap: usize = 4; tap < <usize>taps; tap += 4) {
    sum = f32x4.add(sum, f32x4.mul(v128.load(at + (tap << 2)), v128.load(entry + (tap << 2), 4)));
  }
  return sum;
}

/**
 * Area average of a Y plane (stride = width) to float32 grey levels 0 … 255, targetWidth × targetHeight, a multiple of 4
 * wide. scratch: 4 · (width + 16 + taps) bytes, then targetWidth · 4 · (taps + 1); taps = ⌈width / targetWidth⌉ + 1
 * rounded up to 4.
 */
export function scaleLuma(
  source: usize, width: i32, height: i32, target: usize, targetWidth: i32, targetHeight: i32, scratch: usize,
): void {
  const taps = ((width + targetWidth - 1) / targetWidth + 1 + 3) & ~3;
  const table = scratch + <usize>(width + 16 + taps) * 4;
  columnTable(table, width, targetWidth, taps);
  // Columns of weight 0 are read behind the row's end; what lies there must be finite.
  memory.fill(scratch, 0, <usize>(width + 16 + taps) * 4);
  const ratio = <f64>height / <f64>targetHeight;
  const entryBytes = <usize>(taps + 1) * 4;
  for (let y = 0; y < targetHeight; y++) {
    meanOfRows(source, width, height, <f64>y * ratio, <f64>(y + 1) * ratio, scratch);
    let entry = table;
    for (let x = 0; x < targetWidth; x += 4, target += 16) {
      const a = columnSums(scratch, entry, taps);
      const b = columnSums(scratch, entry + entryBytes, taps);
      const c = columnSums(scratch, entry + 2 * entryBytes, taps);
      const d = columnSums(scratch, entry + 3 * entryBytes, taps);
      entry += 4 * entryBytes;
      const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 2, 4, 6), v128.shuffle<f32>(a, b, 1, 3, 5, 7));
      const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 2, 4, 6), v128.shuffle<f32>(c, d, 1, 3, 5, 7));
      v128.store(target, f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7)));
    }
  }
}

/** Sum of each whole 16 × 16 block of a Y plane (stride = width), u16, row by row; a block's mean is sum / 256. */
export function blockSums(source: usize, width: i32, height: i32, out: usize): void {
  for (let y = 0; y + 16 <= height; y += 16) {
    for (let x = 0; x + 16 <= width; x += 16, out += 2) {
      let sum = i16x8.splat(0);
      let at = source + <usize>(y * width + x);
      for (let row = 0; row < 16; row++, at += <usize>width) {
        sum = i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(v128.load(at)));
      }
      const four = i32x4.extadd_pairwise_i16x8_u(sum);
      const total =
        i32x4.extract_lane(four, 0) + i32x4.extract_lane(four, 1) + i32x4.extract_lane(four, 2) + i32x4.extract_lane(four, 3);
      store<u16>(out, <u16>total);
    }
  }
}

/** How many of `count` block sums differ by more than `threshold` (256 = one grey level of the mean). */
export function changedBlocks(a: usize, b: usize, count: i32, threshold: i32): i32 {
  let changed = 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    const d = <i32>load<u16>(a + i * 2) - <i32>load<u16>(b + i * 2);
    if (abs(d) > threshold) changed++;
  }
  return changed;
}
