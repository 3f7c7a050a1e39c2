import type { Matrix } from '../../numerics/tensor.ts';

/** How many different rows `matrix` [n, d] has, counting no further than `limit`. */
export function countDistinctRows(matrix: Matrix, limit: number): number {
  const { rows, columns, data } = matrix;
  const found: number[] = [];
  for (let row = 0; row < rows && found.length < limit; row += 1) {
    if (!found.some((other) => equalRows(data, columns, row, other))) found.push(row);
  }
  return found.length;
}

function equalRows(data: Float32Array, columns: number, left: number, right: number): boolean {
  for (let column = 0; column < columns; column += 1) {
    if (data[left * columns + column] !== data[right * columns + column]) return false;
  }
  return true;
}
