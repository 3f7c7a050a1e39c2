import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../numerics/tensor.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { InvalidVectorsError } from '../vectors/invalid-vectors-error.ts';
import { oracleRows } from '../vectors/oracle-rows.ts';
import { selectRows } from '../vectors/row-blocks.ts';
import { InvalidClusteringError } from './invalid-clustering-error.ts';
import { assignNearest, kMeans } from './kmeans.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });
const grouped = oracleRows(300, 5, 1, 4, 0.6);

/** [n, 1]. */
function line(...values: number[]): Matrix {
  return { rows: values.length, columns: 1, data: Float32Array.from(values) };
}

describe('kMeans', () => {
  // sklearn.cluster.KMeans(4, init=start, n_init=1, tol=0, algorithm='lloyd') in float64, clusters numbered by size
  it.each([
    {
      start: 'four rows of one group',
      centroids: selectRows(grouped, [0, 4, 8, 12]),
      labels:
        '100210121302120213001302130213321332130213021302130013022302130213021002110213021302102213031302130213021302130213021302230213001302130213001202130210021002130213021002100213021302130010021202130213021002132213021300130213001002100213021220132211021302120213021302130313021312100213001312121211021302',
      sizes: [87, 80, 76, 57],
      inertia: 110.13667269001438,
      iterations: 12,
      first: [-0.015846683210211432, 0.06477505596483046, 0.5180490433142101, 0.05030881515008266, 0.00233451955705552],
    },
    {
      start: 'a centroid so far off that it loses all rows',
      centroids: {
        rows: 4,
        columns: 5,
        data: Float32Array.of(...selectRows(grouped, [0, 1, 2]).data, 50, 50, 50, 50, 50),
      },
      labels:
        '100210121302120213001302130213321332130213021302130013022302130213021002110213021302102213031302130213021302130213021302230213001302130213001202130210021001130213021002100213021302130010021202130213021002132213021302130213001002100113021220132211021302120213021302130313021312100213001312121211021302',
      sizes: [86, 82, 75, 57],
      inertia: 110.09596208873805,
      iterations: 7,
      first: [
        -0.011652392189039934, 0.06287352700154608, 0.5223510637879369, 0.04739128170145099, -0.0016929318175411545,
      ],
    },
  ])('ends where scikit-learn ends from $start', async ({ centroids, labels, sizes, inertia, iterations, first }) => {
    const result = await kMeans(grouped, { k: 4, seed: 0, start: centroids, tolerance: 0 }, runner);
    expect(result.labels.join('')).toBe(labels);
    expect([...result.sizes]).toEqual(sizes);
    expect(result.inertia).toBeCloseTo(inertia, 4);
    expect(result.converged).toBe(true);
    expect(result.iterations).toBe(iterations);
    first.forEach((value, column) => {
      expect(result.centroids.data[column]).toBeCloseTo(value, 6);
    });
  });

  it('finds planted groups again from its own seeding', async () => {
    const planted = oracleRows(1200, 6, 3, 6, 2);
    const result = await kMeans(planted, { k: 6, seed: 5 }, runner);
    expect(result.labels).toEqual(Int32Array.from({ length: 1200 }, (_, row) => row % 6));
  });

  it('gives the same bytes for the same seed and an inertia near the best of 200 starts of scikit-learn', async () => {
    const results = await Promise.all([1, 1, 2, 3].map((seed) => kMeans(grouped, { k: 4, seed }, runner)));
    expect(results[1]).toEqual(results[0]);
    // the lowest of 200 starts of sklearn.cluster.KMeans(4, n_init=200, tol=0, random_state=0)
    for (const { inertia } of results) {
      expect(inertia).toBeGreaterThan(109.9966936953602 - 1e-3);
      expect(inertia).toBeLessThan(109.9966936953602 * 1.005);
    }
  });

  it('does not mind a common offset that swamps the differences', async () => {
    const steps = { ...grouped, data: grouped.data.map((value) => Math.round(value * 64) / 64) };
    const offset = { ...grouped, data: steps.data.map((value) => value + 65536) };
    const [near, far] = [
      await kMeans(steps, { k: 4, seed: 1 }, runner),
      await kMeans(offset, { k: 4, seed: 1 }, runner),
    ];
    expect(far.labels).toEqual(near.labels);
    expect(far.inertia).toBeCloseTo(near.inertia, 3);
    const few = selectRows(steps, [0, 1, 2, 3]);
    const fewOffset = selectRows(offset, [0, 1, 2, 3]);
    expect(await assignNearest(offset, fewOffset, runner)).toEqual(await assignNearest(steps, few, runner));
  });

  it('makes one cluster per distinct row if there are fewer than asked for', async () => {
    const result = await kMeans(line(7, 1, 7, 4, 4, 7), { k: 5, seed: 1 }, runner);
    expect([...result.labels]).toEqual([0, 2, 0, 1, 1, 0]);
    expect([...result.centroids.data]).toEqual([7, 4, 1]);
    expect([...result.sizes]).toEqual([3, 2, 1]);
    expect([result.inertia, result.converged]).toEqual([0, true]);
    const single = await kMeans(line(3), { k: 3, seed: 1 }, runner);
    expect([[...single.labels], [...single.centroids.data]]).toEqual([[0], [3]]);
  });

  it('says when it ran out of iterations', async () => {
    const start = selectRows(grouped, [0, 4, 8, 12]);
    const result = await kMeans(grouped, { k: 4, seed: 1, start, tolerance: 0, maxIterations: 3 }, runner);
    expect([result.iterations, result.converged]).toEqual([3, false]);
  });

  it('leaves no row nearer to another centroid and each centroid in the middle of its rows', async () => {
    const coordinate = fc.integer({ min: -40, max: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(1000),
        async (points, k, seed) => {
          const vectors = { rows: points.length, columns: 2, data: Float32Array.from(points.flat()) };
          const result = await kMeans(vectors, { k, seed, restarts: 2, tolerance: 0 }, runner);
          const distinct = new Set(points.map(String)).size;
          const { centroids, labels, sizes } = result;
          expect(centroids.rows).toBe(Math.min(k, distinct));
          expect([...sizes].sort((a, b) => b - a)).toEqual([...sizes]);
          const squaresTo = ([x, y]: [number, number]) =>
            Array.from(sizes, (_, c) => (x - centroids.data[2 * c]!) ** 2 + (y - centroids.data[2 * c + 1]!) ** 2);
          let inertia = 0;
          points.forEach((point, row) => {
            const squares = squaresTo(point);
            expect(squares[labels[row]!]).toBeLessThanOrEqual(Math.min(...squares) + 1e-2);
            inertia += squares[labels[row]!]!;
          });
          expect(result.inertia).toBeCloseTo(inertia, 1);
          sizes.forEach((size, cluster) => {
            const own = points.filter((_, row) => labels[row] === cluster);
            expect(own.length).toBe(size);
            expect(own.reduce((sum, [x]) => sum + x, 0) / size).toBeCloseTo(centroids.data[2 * cluster]!, 3);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses rows that are not finite, naming the first, and options out of range', async () => {
    const broken = { ...grouped, data: grouped.data.slice() };
    broken.data[5 * 41 + 2] = Number.POSITIVE_INFINITY;
    await expect(kMeans(broken, { k: 2, seed: 1 }, runner)).rejects.toThrow(InvalidVectorsError);
    await expect(kMeans(broken, { k: 2, seed: 1 }, runner)).rejects.toThrow('Infinity in row 41, column 2');
    await expect(kMeans(grouped, { k: 0, seed: 1 }, runner)).rejects.toThrow(InvalidClusteringError);
    await expect(kMeans(grouped, { k: 2.5, seed: 1 }, runner)).rejects.toThrow('k is 2.5');
    await expect(kMeans(grouped, { k: 2, seed: 1, tolerance: -1 }, runner)).rejects.toThrow('tolerance is -1');
    await expect(kMeans(grouped, { k: 3, seed: 1, start: line(1, 2, 3) }, runner)).rejects.toThrow('start is 3 x 1');
  });
});

describe('assignNearest', () => {
  it('takes the nearest centroid, the first one on a tie', async () => {
    const labels = await assignNearest(line(-3, 0.4, 0.5, 0.6, 9), line(0, 1, 5), runner);
    expect([...labels]).toEqual([0, 0, 0, 1, 2]);
    await expect(assignNearest(grouped, line(1), runner)).rejects.toThrow('vectors have 5 columns, centroids 1');
  });
});
