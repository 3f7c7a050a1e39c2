import type { Matrix } from '../../numerics/tensor.ts';

/**
 * Rows measured from their mean. Distances come out of `|x|^2 - 2 x c + |c|^2`, which loses the digits that a common offset
 * takes up.
 */
export interface CentredRows {
  /** [n, d]. */
  readonly rows: Matrix;
  /** [d], what was taken off. */
  readonly origin: Float64Array;
  /** [n], of the centred rows. */
  readonly squaredLengths: Float64Array;
}

export function centreRows(vectors: Matrix): CentredRows {
  const origin = columnMeans(vectors);
  const rows = relativeTo(vectors, origin);
  return { rows, origin, squaredLengths: squaredLengths(rows) };
}

/** The mean of each column: [d]. */
export function columnMeans({ rows, columns, data }: Matrix): Float64Array {
  const means = new Float64Array(columns);
  for (let start = 0; start < data.length; start += columns) {
    for (let column = 0; column < columns; column += 1) means[column]! += data[start + column]!;
  }
  return means.map((sum) => sum / rows);
}

/** Each row less `origin` [d]. */
export function relativeTo({ rows, columns, data }: Matrix, origin: Float64Array): Matrix {
  const moved = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += columns) {
    for (let column = 0; column < columns; column += 1) moved[start + column] = data[start + column]! - origin[column]!;
  }
  return { rows, columns, data: moved };
}

/** Each row plus `origin` [d]: undoes `relativeTo`. */
export function absolute(matrix: Matrix, origin: Float64Array): Matrix {
  return relativeTo(
    matrix,
    origin.map((value) => -value),
  );
}

/** The squared length of each row: [n]. */
export function squaredLengths({ rows, columns, data }: Matrix): Float64Array {
  const lengths = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let index = row * columns; index < (row + 1) * columns; index += 1) sum += data[index]! * data[index]!;
    lengths[row] = sum;
  }
  return lengths;
}
