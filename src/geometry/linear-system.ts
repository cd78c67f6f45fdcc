/**
 * LU factors of a square matrix with row exchanges (Doolittle, partial pivoting), made once and used for any number
 * of right-hand sides.
 */
export class LinearSystem {
  readonly size: number;
  readonly #factors: Float64Array;
  readonly #order: Int32Array;

  /**
   * @param matrix row-major size × size; it is overwritten and kept
   * @throws RangeError when the matrix is singular to working precision or holds NaN
   */
  constructor(matrix: Float64Array, size: number) {
    this.size = size;
    this.#factors = matrix;
    this.#order = Int32Array.from({ length: size }, (_, index) => index);
    for (let column = 0; column < size; column += 1) {
      this.#pivot(column);
      this.#eliminate(column);
    }
  }

  #pivot(column: number): void {
    const { size } = this;
    const lu = this.#factors;
    let best = column;
    for (let row = column + 1; row < size; row += 1) {
      if (Math.abs(lu[row * size + column]!) > Math.abs(lu[best * size + column]!)) best = row;
    }
    if (!(Math.abs(lu[best * size + column]!) > 1e-13)) throw new RangeError('the system has no unique solution');
    if (best === column) return;
    for (let k = 0; k < size; k += 1) {
      const held = lu[column * size + k]!;
      lu[column * size + k] = lu[best * size + k]!;
      lu[best * size + k] = held;
    }
    const held = this.#order[column]!;
    this.#order[column] = this.#order[best]!;
    this.#order[best] = held;
  }

  #eliminate(column: number): void {
    const { size } = this;
    const lu = this.#factors;
    const pivotRow = column * size;
    const inverse = 1 / lu[pivotRow + column]!;
    for (let row = column + 1; row < size; row += 1) {
      const start = row * size;
      const factor = lu[start + column]! * inverse;
      lu[start + column] = factor;
      if (factor === 0) continue;
      for (let k = column + 1; k < size; k += 1) lu[start + k]! -= factor * lu[pivotRow + k]!;
    }
  }

  /** @param right one value per equation, left as it is @returns the unknowns */
  solve(right: ArrayLike<number>): Float64Array {
    const { size } = this;
    const lu = this.#factors;
    const result = new Float64Array(size);
    for (let row = 0; row < size; row += 1) {
      let sum = right[this.#order[row]!]!;
      for (let k = 0; k < row; k += 1) sum -= lu[row * size + k]! * result[k]!;
      result[row] = sum;
    }
    for (let row = size - 1; row >= 0; row -= 1) {
      let sum = result[row]!;
      for (let k = row + 1; k < size; k += 1) sum -= lu[row * size + k]! * result[k]!;
      result[row] = sum / lu[row * size + row]!;
    }
    return result;
  }
}
