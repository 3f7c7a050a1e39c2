import type { Matrix } from '../../numerics/tensor.ts';
import type { LloydStep } from './kmeans-graphs.ts';

/**
 * Gives each cluster of `step` that lost all its rows the row farthest from its own centroid (the first one on a tie), taken
 * out of a cluster that keeps others. Changes the step's labels, sums and counts. A cluster stays empty only if every row
 * that could be moved lies on its centroid.
 */
export function fillEmptyClusters(step: LloydStep, rows: Matrix, centroids: Matrix): void {
  const { labels, sums, counts } = step;
  const { columns, data } = rows;
  const distances = distancesToOwn(rows, labels, centroids);
  for (let empty = 0; empty < counts.length; empty += 1) {
    if (counts[empty] !== 0) continue;
    const row = farthestMovable(distances, labels, counts);
    if (row === undefined) return;
    const from = labels[row]!;
    for (let column = 0; column < columns; column += 1) {
      const value = data[row * columns + column]!;
      sums[from * columns + column]! -= value;
      sums[empty * columns + column] = value;
    }
    counts[from]! -= 1;
    counts[empty] = 1;
    labels[row] = empty;
    distances[row] = 0;
  }
}

function farthestMovable(distances: Float64Array, labels: Int32Array, counts: Int32Array): number | undefined {
  let farthest: number | undefined;
  let most = 0;
  for (let row = 0; row < distances.length; row += 1) {
    if (distances[row]! > most && counts[labels[row]!]! > 1) {
      farthest = row;
      most = distances[row]!;
    }
  }
  return farthest;
}

/** The squared distance of each row [n, d] from the centroid [k, d] of its label, without cancellation: [n]. */
export function distancesToOwn(rows: Matrix, labels: Int32Array, centroids: Matrix): Float64Array {
  const { columns, data } = rows;
  const distances = new Float64Array(rows.rows);
  for (let row = 0; row < rows.rows; row += 1) {
    const source = row * columns;
    const target = labels[row]! * columns;
    let sum = 0;
    for (let column = 0; column < columns; column += 1) {
      const difference = data[source + column]! - centroids.data[target + column]!;
      sum += difference * difference;
    }
    distances[row] = sum;
  }
  return distances;
}
