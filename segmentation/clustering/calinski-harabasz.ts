import type { Matrix } from '../../numerics/tensor.ts';
import { InvalidClusteringError } from './invalid-clustering-error.ts';
import { labelMeans, requireLabelledRows, squaredDistancesToMeans } from './labelled-rows.ts';

/**
 * The Calinski-Harabasz index of `vectors` [n, d] under `labels` [n]: variance between the clusters over variance within,
 * each per degree of freedom; >= 0, the higher the better. 0 if all rows are alike, else Infinity if nothing varies within clusters
 * (T. Calinski, J. Harabasz, "A dendrite method for cluster analysis", 1974).
 * Throws `InvalidClusteringError` unless there are at least two clusters and fewer clusters than rows.
 */
export function calinskiHarabasz(vectors: Matrix, labels: Int32Array): number {
  const k = requireLabelledRows(vectors, labels);
  const { means, counts } = labelMeans(vectors, labels, k);
  const present = counts.reduce((number, count) => number + (count > 0 ? 1 : 0), 0);
  if (present < 2 || present >= vectors.rows) {
    throw new InvalidClusteringError(
      `there are ${present} clusters of ${vectors.rows} rows; the Calinski-Harabasz index needs at least 2 and fewer than rows`,
    );
  }
  const within = sum(squaredDistancesToMeans(vectors, labels, means));
  const all = new Int32Array(vectors.rows);
  const total = sum(squaredDistancesToMeans(vectors, all, labelMeans(vectors, all, 1).means));
  if (total === 0) return 0;
  return (total - within) / (present - 1) / (within / (vectors.rows - present));
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
