import type { Matrix, Tensor } from '../../numerics/tensor.ts';
import { InvalidVectorsError } from './invalid-vectors-error.ts';

/**
 * Sums and products run over blocks of this many rows, cut from row 0 of the whole table, whatever shards or machines hold
 * it: a float32 product's rounding changes with its shape, so only equal cuts give equal bytes.
 */
export const BLOCK_ROWS = 4096;

/** Cuts `matrix` [n, D] into tensors [<= blockRows, D] in row order. They share the matrix's memory. */
export function rowBlocks(matrix: Matrix, blockRows = BLOCK_ROWS): Tensor<'float32'>[] {
  const { rows, columns, data } = matrix;
  const blocks: Tensor<'float32'>[] = [];
  for (let start = 0; start < rows; start += blockRows) {
    const end = Math.min(start + blockRows, rows);
    blocks.push({ type: 'float32', dims: [end - start, columns], data: data.subarray(start * columns, end * columns) });
  }
  return blocks;
}

/**
 * Throws `InvalidVectorsError` unless `matrix` holds `rows * columns` finite numbers in at least one row and one column.
 * `what` names the matrix in the message.
 */
export function requireFiniteRows(matrix: Matrix, what: string): void {
  const { rows, columns, data } = matrix;
  if (rows < 1 || columns < 1 || data.length !== rows * columns) {
    throw new InvalidVectorsError(
      `${what} are ${rows} x ${columns} with ${data.length} numbers; at least one row and one column and rows x columns numbers are needed`,
    );
  }
  for (let index = 0; index < data.length; index += 1) {
    if (!Number.isFinite(data[index])) {
      const row = Math.floor(index / columns);
      throw new InvalidVectorsError(
        `${what} hold ${data[index]} in row ${row}, column ${index % columns}; only finite numbers are allowed: leave the row out or repair what made it`,
      );
    }
  }
}

/** The rows of `matrix` numbered by `indices`, in that order: [indices.length, D], copied. */
export function selectRows(matrix: Matrix, indices: ArrayLike<number>): Matrix {
  const { columns, data } = matrix;
  const selected = new Float32Array(indices.length * columns);
  for (let row = 0; row < indices.length; row += 1) {
    const start = indices[row]! * columns;
    selected.set(data.subarray(start, start + columns), row * columns);
  }
  return { rows: indices.length, columns, data: selected };
}
