import { Random } from '../../numerics/random.ts';
import type { GraphRunner } from '../../numerics/runner.ts';
import type { Matrix } from '../../numerics/tensor.ts';
import { requireFiniteRows } from '../vectors/row-blocks.ts';
import { absolute, type CentredRows, centreRows, columnMeans, relativeTo } from './centred-rows.ts';
import { numberBySize } from './cluster-numbering.ts';
import { countDistinctRows } from './distinct-rows.ts';
import { distancesToOwn, fillEmptyClusters } from './empty-clusters.ts';
import { InvalidClusteringError } from './invalid-clustering-error.ts';
import { type ClusterSums, type KMeansGraphs, lloydStep, nearestLabels, withKMeansGraphs } from './kmeans-graphs.ts';
import { seedCentroids } from './seeding.ts';

export interface KMeansOptions {
  /** Clusters wanted, >= 1. Fewer are made if there are fewer distinct rows. */
  readonly k: number;
  readonly seed: number;
  /** Runs from different starts, the one with the lowest inertia wins. Default 4. */
  readonly restarts?: number;
  /** Moves of the centroids per run. Default 100. */
  readonly maxIterations?: number;
  /** A run ends when the centroids move, squared and added up, by no more than this share of the columns' mean variance. Default 1e-4. */
  readonly tolerance?: number;
  /** [k, d], starts the one and only run in place of seeding. */
  readonly start?: Matrix;
}

export interface KMeansResult {
  /** [n], the nearest centroid of each row. */
  readonly labels: Int32Array;
  /** [k, d], k being the clusters made. */
  readonly centroids: Matrix;
  /** Sum over the rows of the squared distance from the own centroid. */
  readonly inertia: number;
  /** Moves of the centroids in the winning run. */
  readonly iterations: number;
  /** Whether the winning run came to rest before `maxIterations`. */
  readonly converged: boolean;
  /** [k], falling: clusters are numbered by size, equal sizes by first row. */
  readonly sizes: Int32Array;
}

/**
 * Exact k-means of `vectors` [n, d] by Lloyd's algorithm from greedy k-means++ starts. A cluster that loses all its rows gets
 * the row farthest from its centroid. Same vectors and options, same bytes.
 * Throws `InvalidVectorsError` on a number that is not finite (naming its row), `InvalidClusteringError` on options out of range.
 */
export async function kMeans(vectors: Matrix, options: KMeansOptions, runner: GraphRunner): Promise<KMeansResult> {
  requireFiniteRows(vectors, 'vectors to cluster');
  return withKMeansGraphs(runner, (graphs) => fitKMeans(centreRows(vectors), options, graphs));
}

/** `kMeans` of finite vectors with graphs already loaded. */
export async function fitKMeans(
  vectors: CentredRows,
  options: KMeansOptions,
  graphs: KMeansGraphs,
): Promise<KMeansResult> {
  const { rows, origin, squaredLengths } = vectors;
  const { seed, restarts, maxIterations, tolerance, start } = checkedOptions(options, rows.columns);
  const totalSquares = squaredLengths.reduce((sum, length) => sum + length, 0);
  const restShift = (tolerance * totalSquares) / (rows.rows * rows.columns);
  const k = countDistinctRows(rows, options.k);
  const random = new Random(seed);
  let best: LloydRun | undefined;
  for (let restart = 0; restart < restarts; restart += 1) {
    const seeds = start === undefined ? await seedCentroids(vectors, k, random, graphs) : relativeTo(start, origin);
    const run = await runLloyd(rows, seeds, maxIterations, restShift, graphs);
    if (best === undefined || run.betweenSquares > best.betweenSquares) best = run;
  }
  const { iterations, converged } = best!;
  const { labels, centroids, sizes } = numberBySize(best!.labels, best!.centroids);
  const inertia = distancesToOwn(rows, labels, centroids).reduce((sum, square) => sum + square, 0);
  return { labels, centroids: absolute(centroids, origin), inertia, iterations, converged, sizes };
}

/** The nearest of `centroids` [k, d] for each of `vectors` [n, d], the first one on a tie: [n]. */
export async function assignNearest(vectors: Matrix, centroids: Matrix, runner: GraphRunner): Promise<Int32Array> {
  requireFiniteRows(vectors, 'vectors to assign');
  requireFiniteRows(centroids, 'centroids');
  if (vectors.columns !== centroids.columns) {
    throw new InvalidClusteringError(
      `vectors have ${vectors.columns} columns, centroids ${centroids.columns}; both need the same`,
    );
  }
  const origin = columnMeans(centroids);
  return withKMeansGraphs(runner, (graphs) =>
    nearestLabels(relativeTo(vectors, origin), relativeTo(centroids, origin), graphs),
  );
}

interface LloydRun {
  readonly labels: Int32Array;
  readonly centroids: Matrix;
  readonly iterations: number;
  readonly converged: boolean;
  /** Sum over the clusters of size times the squared length of the mean: the larger, the lower the inertia. */
  readonly betweenSquares: number;
}

/** Moves centroids until labels or centroids rest; the labels returned are those of the centroids returned. */
async function runLloyd(
  rows: Matrix,
  seeds: Matrix,
  maxIterations: number,
  restShift: number,
  graphs: KMeansGraphs,
): Promise<LloydRun> {
  let centroids = seeds;
  let shift = Infinity;
  let labels: Int32Array | undefined;
  for (let iterations = 0; ; iterations += 1) {
    const step = await lloydStep(rows, centroids, graphs);
    const rests = !step.counts.includes(0) && (shift <= restShift || sameLabels(labels, step.labels));
    if (rests || iterations === maxIterations) {
      const betweenSquares = squaresBetween(step, rows.columns);
      return { labels: step.labels, centroids, iterations, converged: rests, betweenSquares };
    }
    if (step.counts.includes(0)) fillEmptyClusters(step, rows, centroids);
    const moved = clusterMeans(step, centroids);
    shift = squaredShift(centroids, moved);
    centroids = moved;
    labels = step.labels;
  }
}

/** The mean of each cluster's rows: [k, d]. An empty cluster stays where it is. */
function clusterMeans({ sums, counts }: ClusterSums, centroids: Matrix): Matrix {
  const { rows, columns } = centroids;
  const data = centroids.data.slice();
  for (let cluster = 0; cluster < rows; cluster += 1) {
    const count = counts[cluster]!;
    if (count === 0) continue;
    for (let index = cluster * columns; index < (cluster + 1) * columns; index += 1) data[index] = sums[index]! / count;
  }
  return { rows, columns, data };
}

function squaresBetween({ sums, counts }: ClusterSums, columns: number): number {
  return sums.reduce((total, sum, index) => {
    const count = counts[Math.floor(index / columns)]!;
    return count === 0 ? total : total + (sum * sum) / count;
  }, 0);
}

function squaredShift(before: Matrix, after: Matrix): number {
  return before.data.reduce((sum, value, index) => sum + (after.data[index]! - value) ** 2, 0);
}

function sameLabels(before: Int32Array | undefined, after: Int32Array): boolean {
  if (before === undefined) return false;
  for (let row = 0; row < after.length; row += 1) {
    if (before[row] !== after[row]) return false;
  }
  return true;
}

/** The options with their defaults. */
function checkedOptions(options: KMeansOptions, columns: number) {
  const { k, seed, maxIterations = 100, tolerance = 1e-4, start } = options;
  const restarts = start === undefined ? (options.restarts ?? 4) : 1;
  for (const [name, value] of Object.entries({ k, restarts, maxIterations })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InvalidClusteringError(`${name} is ${value}; a whole number of at least 1 is needed`);
    }
  }
  if (!(tolerance >= 0))
    throw new InvalidClusteringError(`tolerance is ${tolerance}; a number of at least 0 is needed`);
  if (start !== undefined) {
    if (start.rows !== k || start.columns !== columns) {
      throw new InvalidClusteringError(
        `the start is ${start.rows} x ${start.columns}; k = ${k} centroids of ${columns} columns are needed`,
      );
    }
    requireFiniteRows(start, 'start centroids');
  }
  return { seed, restarts, maxIterations, tolerance, start };
}
