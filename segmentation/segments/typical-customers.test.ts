import { expect, test } from 'vitest';
import { typicalRows } from './typical-customers.ts';

test('the rows nearest to their own centroid, nearest first, ties by row', () => {
  const vectors = { rows: 5, columns: 2, data: Float32Array.of(3, 0, 0, 1, 10, 10, 0, -1, 11, 11) };
  const centroids = { rows: 2, columns: 2, data: Float32Array.of(0, 0, 10, 10.5) };
  expect(typicalRows(vectors, Int32Array.of(0, 0, 1, 0, 1), centroids, 2)).toEqual([
    [1, 3],
    [2, 4],
  ]);
});
