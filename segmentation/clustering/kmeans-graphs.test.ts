import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../numerics/tensor.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { oracleRows } from '../vectors/oracle-rows.ts';
import { BLOCK_ROWS } from '../vectors/row-blocks.ts';
import { lloydStep, mergeClusterSums, withKMeansGraphs } from './kmeans-graphs.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });

/** The step by the book: each row against each centroid, in float64. */
function plainStep(rows: Matrix, centroids: Matrix) {
  const { columns } = rows;
  const sums = new Float64Array(centroids.rows * columns);
  const labels = Int32Array.from({ length: rows.rows }, (_, row) => {
    const own = rows.data.subarray(row * columns, (row + 1) * columns);
    const squares = Array.from({ length: centroids.rows }, (__, label) =>
      own.reduce((sum, value, column) => sum + (value - centroids.data[label * columns + column]!) ** 2, 0),
    );
    const nearest = squares.indexOf(Math.min(...squares));
    own.forEach((value, column) => {
      sums[nearest * columns + column]! += value;
    });
    return nearest;
  });
  return { labels, sums };
}

describe('lloydStep', () => {
  it.each([5, 47, 48, 60])('assigns and adds up rows by the book for %i centroids', async (k) => {
    const rows = oracleRows(BLOCK_ROWS + 300, 3, 21);
    const centroids = oracleRows(k, 3, 22);
    const step = await withKMeansGraphs(runner, (graphs) => lloydStep(rows, centroids, graphs));
    const expected = plainStep(rows, centroids);
    expect(step.labels).toEqual(expected.labels);
    expected.sums.forEach((sum, index) => {
      expect(Math.abs(step.sums[index]! - sum)).toBeLessThan(1e-3);
    });
    step.counts.forEach((count, label) => {
      expect(count).toBe(expected.labels.filter((own) => own === label).length);
    });
  });

  it.each([4, 50])('adds up shards to the bits of the whole for %i centroids', async (k) => {
    const columns = 4;
    const whole = oracleRows(5 * BLOCK_ROWS + 99, columns, 23);
    const centroids = oracleRows(k, columns, 24);
    const shardRows = 2 * BLOCK_ROWS;
    await withKMeansGraphs(runner, async (graphs) => {
      const shards = [];
      for (let start = 0; start < whole.rows; start += shardRows) {
        const data = whole.data.subarray(start * columns, (start + shardRows) * columns);
        shards.push(await lloydStep({ rows: data.length / columns, columns, data }, centroids, graphs));
      }
      const { labels, ...sums } = await lloydStep(whole, centroids, graphs);
      expect(mergeClusterSums(shards)).toEqual(sums);
      expect(Int32Array.from(shards.flatMap((shard) => [...shard.labels]))).toEqual(labels);
    });
  });
});
