import type { Matrix } from '../../numerics/tensor.ts';

/**
 * Rows for tests that NumPy rebuilds to the bit, so that its and scikit-learn's answers can stand as expected values. Filled
 * row by row with the minimal standard generator (S. Park, K. Miller, 1988) scaled to -0.5..0.5; with `groups`, a row gets
 * `gap` added in the columns that are its own number modulo `groups`.
 */
export function oracleRows(rows: number, columns: number, seed: number, groups = 1, gap = 0): Matrix {
  const data = new Float32Array(rows * columns);
  let state = seed;
  for (let index = 0; index < data.length; index += 1) {
    state = (state * 16807) % 2147483647;
    const row = Math.floor(index / columns);
    const own = groups > 1 && row % groups === (index % columns) % groups;
    data[index] = state / 2147483647 - 0.5 + (own ? gap : 0);
  }
  return { rows, columns, data };
}
