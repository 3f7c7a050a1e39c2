import type { Matrix } from '../../numerics/tensor.ts';
import { InvalidVectorsError } from './invalid-vectors-error.ts';

/**
 * Which texts each customer touched and how much each counts, as a sparse matrix [n, t] in compressed rows: the entries of
 * row `i` are `rowStarts[i] .. rowStarts[i + 1]`.
 */
export interface TextWeights {
  /** [n + 1], from 0 to the number of entries, never falling. */
  readonly rowStarts: Int32Array;
  /** [entries], rows of the text matrix. */
  readonly texts: Int32Array;
  /** [entries], finite and >= 0. */
  readonly weights: Float32Array;
}

/**
 * The text vector of each customer: the weighted sum of the vectors [t, dText] of the texts touched, at unit length.
 * A customer without text, or whose texts cancel out, gets a row of zeros.
 *
 * A row depends on its own entries and their order only, so customers may be pooled in any partition.
 * Returns [n, dText]. Throws `InvalidVectorsError` on an index or weight out of range.
 */
export function poolTexts(textWeights: TextWeights, textVectors: Matrix): Matrix {
  requireTextWeights(textWeights, textVectors.rows);
  const { rowStarts, texts, weights } = textWeights;
  const { columns, data: vectors } = textVectors;
  const rows = rowStarts.length - 1;
  const pooled = new Float32Array(rows * columns);
  const sum = new Float64Array(columns);
  for (let row = 0; row < rows; row += 1) {
    const end = rowStarts[row + 1]!;
    if (rowStarts[row] === end) continue;
    sum.fill(0);
    for (let entry = rowStarts[row]!; entry < end; entry += 1) {
      const weight = weights[entry]!;
      const text = texts[entry]! * columns;
      for (let column = 0; column < columns; column += 1) sum[column]! += weight * vectors[text + column]!;
    }
    writeUnitLength(sum, pooled, row * columns);
  }
  return { rows, columns, data: pooled };
}

function writeUnitLength(sum: Float64Array, target: Float32Array, offset: number): void {
  let squares = 0;
  for (const value of sum) squares += value * value;
  if (squares === 0) return;
  const scale = 1 / Math.sqrt(squares);
  for (let column = 0; column < sum.length; column += 1) target[offset + column] = sum[column]! * scale;
}

function requireTextWeights({ rowStarts, texts, weights }: TextWeights, textCount: number): void {
  const entries = texts.length;
  if (rowStarts[0] !== 0 || rowStarts.at(-1) !== entries || weights.length !== entries) {
    throw new InvalidVectorsError(
      `row starts run from ${rowStarts[0]} to ${rowStarts.at(-1)} over ${entries} texts and ${weights.length} weights; they must run from 0 to the number of both`,
    );
  }
  for (let row = 1; row < rowStarts.length; row += 1) {
    if (rowStarts[row]! < rowStarts[row - 1]!) {
      throw new InvalidVectorsError(`row starts fall at row ${row}; each row must start where the one before it ends`);
    }
  }
  for (let entry = 0; entry < entries; entry += 1) {
    const text = texts[entry]!;
    const weight = weights[entry]!;
    if (text < 0 || text >= textCount) {
      throw new InvalidVectorsError(`entry ${entry} names text ${text}; texts are numbered from 0 to ${textCount - 1}`);
    }
    if (!(weight >= 0 && weight < Infinity)) {
      throw new InvalidVectorsError(`entry ${entry} weighs ${weight}; a weight is a finite number of at least 0`);
    }
  }
}
