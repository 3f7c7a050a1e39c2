import type { Matrix } from '../../numerics/tensor.ts';
import { requireFiniteRows } from '../vectors/row-blocks.ts';
import { InvalidClusteringError } from './invalid-clustering-error.ts';

/** Throws unless `vectors` [n, d] are finite and `labels` [n] are whole numbers >= 0. Returns k, the largest label + 1. */
export function requireLabelledRows(vectors: Matrix, labels: Int32Array): number {
  requireFiniteRows(vectors, 'clustered vectors');
  if (labels.length !== vectors.rows) {
    throw new InvalidClusteringError(`there are ${labels.length} labels for ${vectors.rows} vectors; each needs one`);
  }
  const lowest = labels.reduce((least, label) => Math.min(least, label), 0);
  if (lowest < 0) throw new InvalidClusteringError(`a label is ${lowest}; labels are whole numbers of at least 0`);
  return 1 + labels.reduce((most, label) => Math.max(most, label), 0);
}

/** The mean of each label's vectors, [k, d] in float64 (0 for a label without rows), and its count [k]. */
export function labelMeans(
  vectors: Matrix,
  labels: Int32Array,
  k: number,
): { means: Float64Array; counts: Int32Array } {
  const { columns, data } = vectors;
  const means = new Float64Array(k * columns);
  const counts = new Int32Array(k);
  labels.forEach((label, row) => {
    counts[label]! += 1;
    for (let column = 0; column < columns; column += 1)
      means[label * columns + column]! += data[row * columns + column]!;
  });
  for (let index = 0; index < means.length; index += 1) {
    const count = counts[Math.floor(index / columns)]!;
    if (count > 0) means[index]! /= count;
  }
  return { means, counts };
}

/** The squared distance of each vector from the mean of its label: [n]. */
export function squaredDistancesToMeans(vectors: Matrix, labels: Int32Array, means: Float64Array): Float64Array {
  const { columns, data } = vectors;
  return Float64Array.from(labels, (label, row) => {
    let sum = 0;
    for (let column = 0; column < columns; column += 1) {
      const difference = data[row * columns + column]! - means[label * columns + column]!;
      sum += difference * difference;
    }
    return sum;
  });
}
