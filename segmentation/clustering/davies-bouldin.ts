import type { Matrix } from '../../numerics/tensor.ts';
import { InvalidClusteringError } from './invalid-clustering-error.ts';
import { labelMeans, requireLabelledRows, squaredDistancesToMeans } from './labelled-rows.ts';

/**
 * The Davies-Bouldin index of `vectors` [n, d] under `labels` [n]: for each cluster the worst ratio of two clusters' mean
 * distances from their centroids to the distance between the centroids, averaged; >= 0, the lower the better
 * (D. Davies, D. Bouldin, "A cluster separation measure", 1979). Infinity if two centroids coincide.
 * Throws `InvalidClusteringError` for fewer than two clusters.
 */
export function daviesBouldin(vectors: Matrix, labels: Int32Array): number {
  const k = requireLabelledRows(vectors, labels);
  const { columns } = vectors;
  const { means, counts } = labelMeans(vectors, labels, k);
  const spread = new Float64Array(k);
  squaredDistancesToMeans(vectors, labels, means).forEach((square, row) => {
    spread[labels[row]!]! += Math.sqrt(square) / counts[labels[row]!]!;
  });
  const present = [...counts.keys()].filter((label) => counts[label]! > 0);
  if (present.length < 2) {
    throw new InvalidClusteringError(
      'all vectors have one label; the Davies-Bouldin index needs at least two clusters',
    );
  }
  const worst = present.map((label) =>
    Math.max(
      ...present
        .filter((other) => other !== label)
        .map((other) => ratio(spread[label]! + spread[other]!, distanceBetween(means, label, other, columns))),
    ),
  );
  return worst.reduce((sum, ratio) => sum + ratio, 0) / present.length;
}

function ratio(spreads: number, distance: number): number {
  return distance === 0 ? Infinity : spreads / distance;
}

function distanceBetween(means: Float64Array, left: number, right: number, columns: number): number {
  let sum = 0;
  for (let column = 0; column < columns; column += 1) {
    sum += (means[left * columns + column]! - means[right * columns + column]!) ** 2;
  }
  return Math.sqrt(sum);
}
