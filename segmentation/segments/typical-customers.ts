import type { Matrix } from '../../numerics/tensor.ts';

/** For each of the k centroids [k, d] the rows of `vectors` [n, d] labelled with it that lie nearest, nearest first: [k][at most `count`]. */
export function typicalRows(vectors: Matrix, labels: Int32Array, centroids: Matrix, count: number): number[][] {
  const { columns: d, data } = vectors;
  const nearest = Array.from({ length: centroids.rows }, (): { row: number; distance: number }[] => []);
  for (let row = 0; row < vectors.rows; row += 1) {
    const label = labels[row]!;
    let distance = 0;
    for (let dim = 0; dim < d; dim += 1) {
      const difference = data[row * d + dim]! - centroids.data[label * d + dim]!;
      distance += difference * difference;
    }
    nearest[label]!.push({ row, distance });
  }
  return nearest.map((rows) =>
    rows
      .sort((a, b) => a.distance - b.distance || a.row - b.row)
      .slice(0, count)
      .map(({ row }) => row),
  );
}
