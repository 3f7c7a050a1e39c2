import { describe, expect, it } from 'vitest';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { oracleRows } from '../vectors/oracle-rows.ts';
import { adjustedRandIndex } from './adjusted-rand-index.ts';
import { calinskiHarabasz } from './calinski-harabasz.ts';
import { daviesBouldin } from './davies-bouldin.ts';
import { silhouette } from './silhouette.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });
const vectors = oracleRows(300, 5, 1, 4, 0.6);
const labels = Int32Array.from({ length: 300 }, (_, row) => (row % 7 === 0 ? (row / 7) % 4 : row % 4));
const alike = { rows: 4, columns: 2, data: new Float32Array(8).fill(3) };

// expected values: sklearn.metrics on the same rows and labels, in float64
describe('silhouette', () => {
  it('agrees with scikit-learn, over all and by cluster', async () => {
    const { mean, perCluster, measuredRows } = await silhouette(vectors, labels, { seed: 1 }, runner);
    expect(mean).toBeCloseTo(0.15270855861507446, 9);
    const expected = [0.30857978000509123, 0.05820353708036753, 0.16388164386599077, 0.08046610778490886];
    expected.forEach((width, label) => {
      expect(perCluster[label]).toBeCloseTo(width, 9);
    });
    expect(measuredRows).toBe(300);
  });

  it('gives a row alone in its cluster width 0, as scikit-learn does', async () => {
    const withSingleton = labels.with(10, 4);
    const { mean, perCluster } = await silhouette(vectors, withSingleton, { seed: 1 }, runner);
    expect(mean).toBeCloseTo(0.014580451017743344, 9);
    expect(perCluster[4]).toBe(0);
  });

  it('is 0 for one cluster and for rows all alike', async () => {
    expect((await silhouette(vectors, new Int32Array(300), { seed: 1 }, runner)).mean).toBe(0);
    expect((await silhouette(alike, Int32Array.of(0, 0, 1, 1), { seed: 1 }, runner)).mean).toBe(0);
  });

  it('measures a seeded sample of more rows than asked for, near the whole', async () => {
    const sampled = await silhouette(vectors, labels, { seed: 3, sampleRows: 200 }, runner);
    expect(sampled.measuredRows).toBe(200);
    expect(await silhouette(vectors, labels, { seed: 3, sampleRows: 200 }, runner)).toEqual(sampled);
    expect(Math.abs(sampled.mean - 0.1527)).toBeLessThan(0.03);
  });
});

describe('daviesBouldin', () => {
  it('agrees with scikit-learn', () => {
    expect(daviesBouldin(vectors, labels)).toBeCloseTo(1.8920311622905184, 9);
  });
  it('is infinite for centroids that coincide, and refuses a single cluster and missing labels', () => {
    expect(daviesBouldin(alike, Int32Array.of(0, 0, 1, 1))).toBe(Infinity);
    expect(() => daviesBouldin(vectors, new Int32Array(300))).toThrow('at least two clusters');
    expect(() => daviesBouldin(vectors, new Int32Array(299))).toThrow('299 labels for 300 vectors');
    expect(() => daviesBouldin(vectors, labels.with(0, -1))).toThrow('a label is -1');
  });
});

describe('calinskiHarabasz', () => {
  it('agrees with scikit-learn', () => {
    expect(calinskiHarabasz(vectors, labels)).toBeCloseTo(67.25853515904345, 8);
  });
  it('takes rows that do not vary for what they are, and refuses one cluster or as many as rows', () => {
    expect(calinskiHarabasz(alike, Int32Array.of(0, 0, 1, 1))).toBe(0);
    expect(() => calinskiHarabasz(vectors, new Int32Array(300))).toThrow('there are 1 clusters of 300 rows');
    expect(() => calinskiHarabasz(alike, Int32Array.of(0, 1, 2, 3))).toThrow('there are 4 clusters of 4 rows');
  });
});

describe('adjustedRandIndex', () => {
  const thirds = Int32Array.from({ length: 50 }, (_, row) => row % 3);
  it('agrees with scikit-learn', () => {
    const squares = Int32Array.from({ length: 50 }, (_, row) => (row * row) % 5);
    expect(adjustedRandIndex(thirds, squares)).toBeCloseTo(-0.03302752293577982, 12);
    expect(
      adjustedRandIndex(
        thirds,
        thirds.map((label, row) => (row < 40 ? label : 0)),
      ),
    ).toBeCloseTo(0.5945353594389247, 12);
  });
  it('is 1 for the same partition under other numbers, also a trivial one', () => {
    expect(
      adjustedRandIndex(
        thirds,
        thirds.map((label) => 9 - label),
      ),
    ).toBe(1);
    expect(adjustedRandIndex(new Int32Array(5), new Int32Array(5))).toBe(1);
    expect(adjustedRandIndex(Int32Array.of(4), Int32Array.of(2))).toBe(1);
    expect(() => adjustedRandIndex(thirds, new Int32Array(49))).toThrow('50 and 49 rows');
  });
});
