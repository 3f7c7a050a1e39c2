import { expect, test } from 'vitest';
import { columnMeans, columnSums, fillMissing } from './column-means.ts';

const { NaN: missing } = Number;

test('missing values are left out of the means and take their place afterwards', () => {
  const first = Float32Array.of(1, missing, missing, 3, 4, missing);
  const second = Float32Array.of(missing, 8, missing);
  const means = columnMeans([columnSums(first, 3), columnSums(second, 3)], 3);
  expect([...means]).toEqual([2, 6, 0]);
  expect([...fillMissing(first, means)]).toEqual([1, 6, 0, 3, 4, 0]);
});
