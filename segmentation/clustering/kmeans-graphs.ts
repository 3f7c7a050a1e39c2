import { GraphBuilder } from '../../numerics/onnx/graph-builder.ts';
import { elementTypeNumber } from '../../numerics/onnx/tensor-messages.ts';
import type { GraphRunner, GraphSession } from '../../numerics/runner.ts';
import type { Matrix, NamedTensors, Tensor } from '../../numerics/tensor.ts';
import { PairwiseFold } from '../vectors/pairwise-fold.ts';
import { rowBlocks } from '../vectors/row-blocks.ts';
import { type CentredRows, squaredLengths } from './centred-rows.ts';
import { InvalidClusteringError } from './invalid-clustering-error.ts';

/** The loaded graphs of k-means. They fit every number of rows, dims and clusters. */
export interface KMeansGraphs {
  /** `rows` [b, d], `centroids` [k, d], `norms` [k] -> `scores` [b, k] = squared distance - |row|^2. */
  readonly scores: GraphSession;
  /** As `scores`, -> `labels` [b]: the centroid with the lowest score, the first one on a tie. */
  readonly nearest: GraphSession;
  /** As `nearest`, -> `labels` [b] and `sums` [k, d] of each label's rows. */
  readonly step: GraphSession;
}

/** The rows of each cluster added up. */
export interface ClusterSums {
  /** [k, d], float32 within a block of rows, float64 over the blocks. */
  readonly sums: Float64Array;
  /** [k]. */
  readonly counts: Int32Array;
}

/** What one pass over the rows gives. */
export interface LloydStep extends ClusterSums {
  /** [n], the nearest centroid of each row. */
  readonly labels: Int32Array;
}

/** From this many clusters on, adding rows up one by one costs less than a product with a one-hot matrix [k, b]. */
const ONE_HOT_MAX_CLUSTERS = 48;

/** Runs `work` with the graphs loaded. */
export async function withKMeansGraphs<T>(runner: GraphRunner, work: (graphs: KMeansGraphs) => Promise<T>): Promise<T> {
  const opened: GraphSession[] = [];
  try {
    for (const model of [scoresModel(), nearestModel(), stepModel()]) opened.push(await runner.open(model));
    return await work({ scores: opened[0]!, nearest: opened[1]!, step: opened[2]! });
  } finally {
    for (const session of opened) await session.close();
  }
}

/**
 * One step of Lloyd's algorithm over `rows` [n, d] (S. Lloyd, "Least squares quantization in PCM", 1982): the nearest of
 * `centroids` [k, d] for each row, and each centroid's rows added up.
 *
 * Shards that each hold a power of two of whole blocks of `BLOCK_ROWS` rows (the last one what is left) can be stepped apart;
 * `mergeClusterSums` then gives the bits of the whole.
 */
export async function lloydStep(rows: Matrix, centroids: Matrix, graphs: KMeansGraphs): Promise<LloydStep> {
  const k = centroids.rows;
  const feeds = centroidFeeds(centroids);
  const labels = new Int32Array(rows.rows);
  const fold = new PairwiseFold(mergeTwo);
  const oneHot = k < ONE_HOT_MAX_CLUSTERS;
  let start = 0;
  for (const block of rowBlocks(rows)) {
    const answer = await (oneHot ? graphs.step : graphs.nearest).run({ rows: block, ...feeds });
    const blockLabels = (answer['labels'] as Tensor<'int32'>).data;
    const sums = oneHot
      ? Float64Array.from((answer['sums'] as Tensor<'float32'>).data)
      : sumByLabel(block.data, blockLabels, k, rows.columns);
    fold.push({ sums, counts: countLabels(blockLabels, k) });
    labels.set(blockLabels, start);
    start += blockLabels.length;
  }
  return { labels, ...fold.result()! };
}

/** The sums of all shards together, given in row order; at least one, all with the same k and d. */
export function mergeClusterSums(parts: readonly ClusterSums[]): ClusterSums {
  const fold = new PairwiseFold(mergeTwo);
  for (const part of parts) fold.push(part);
  const merged = fold.result();
  if (merged === undefined)
    throw new InvalidClusteringError('there are no cluster sums to merge; give at least one part');
  return merged;
}

function mergeTwo(left: ClusterSums, right: ClusterSums): ClusterSums {
  return {
    sums: left.sums.map((sum, index) => sum + right.sums[index]!),
    counts: left.counts.map((count, label) => count + right.counts[label]!),
  };
}

/** How many rows have each of the labels 0..k-1: [k]. */
export function countLabels(labels: Int32Array, k: number): Int32Array {
  const counts = new Int32Array(k);
  for (const label of labels) counts[label]! += 1;
  return counts;
}

/** The nearest of `centroids` [k, d] for each of `rows` [n, d], the first one on a tie: [n]. */
export async function nearestLabels(rows: Matrix, centroids: Matrix, graphs: KMeansGraphs): Promise<Int32Array> {
  const feeds = centroidFeeds(centroids);
  const labels = new Int32Array(rows.rows);
  let start = 0;
  for (const block of rowBlocks(rows)) {
    const answer = await graphs.nearest.run({ rows: block, ...feeds });
    const blockLabels = (answer['labels'] as Tensor<'int32'>).data;
    labels.set(blockLabels, start);
    start += blockLabels.length;
  }
  return labels;
}

/** Squared distances [n, m] from rows [n, d] to `points` [m, d]; never below 0. */
export async function squaredDistances(
  { rows, squaredLengths }: CentredRows,
  points: Matrix,
  graphs: KMeansGraphs,
): Promise<Float32Array> {
  const m = points.rows;
  const feeds = centroidFeeds(points);
  const distances = new Float32Array(rows.rows * m);
  let start = 0;
  for (const block of rowBlocks(rows)) {
    const answer = await graphs.scores.run({ rows: block, ...feeds });
    const scores = (answer['scores'] as Tensor<'float32'>).data;
    const blockRows = scores.length / m;
    for (let row = 0; row < blockRows; row += 1) {
      const length = squaredLengths[start + row]!;
      for (let point = 0; point < m; point += 1) {
        distances[(start + row) * m + point] = Math.max(0, scores[row * m + point]! + length);
      }
    }
    start += blockRows;
  }
  return distances;
}

function centroidFeeds(centroids: Matrix): NamedTensors {
  const { rows: k, columns, data } = centroids;
  return {
    centroids: { type: 'float32', dims: [k, columns], data },
    norms: { type: 'float32', dims: [k], data: Float32Array.from(squaredLengths(centroids)) },
  };
}

/** [k, d] in float64. */
function sumByLabel(rows: Float32Array, labels: Int32Array, k: number, columns: number): Float64Array {
  const sums = new Float64Array(k * columns);
  for (let row = 0; row < labels.length; row += 1) {
    const target = labels[row]! * columns;
    const source = row * columns;
    for (let column = 0; column < columns; column += 1) sums[target + column]! += rows[source + column]!;
  }
  return sums;
}

/** Adds inputs and the score node: |c|^2 - 2 x c, which orders centroids as the squared distance does. */
function scoreNodes(graph: GraphBuilder): { rows: string; centroids: string; scores: string } {
  const rows = graph.input('rows', 'float32', ['b', 'd']);
  const centroids = graph.input('centroids', 'float32', ['k', 'd']);
  const norms = graph.input('norms', 'float32', ['k']);
  const scores = graph.node('Gemm', [rows, centroids, norms], { alpha: { float: -2 }, transB: 1 });
  return { rows, centroids, scores };
}

function scoresModel(): Uint8Array {
  const graph = new GraphBuilder('kmeans-scores');
  graph.output('scores', scoreNodes(graph).scores, 'float32', ['b', 'k']);
  return graph.toModel();
}

function nearestModel(): Uint8Array {
  const graph = new GraphBuilder('kmeans-nearest');
  const nearest = graph.node('ArgMin', [scoreNodes(graph).scores], { axis: 1, keepdims: 0 });
  graph.output('labels', graph.node('Cast', [nearest], { to: elementTypeNumber.int32 }), 'int32', ['b']);
  return graph.toModel();
}

function stepModel(): Uint8Array {
  const graph = new GraphBuilder('kmeans-step');
  const { rows, centroids, scores } = scoreNodes(graph);
  const nearest = graph.node('ArgMin', [scores], { axis: 1, keepdims: 0 });
  const offOn = graph.initializer('off-on', { type: 'float32', dims: [2], data: Float32Array.of(0, 1) });
  const k = graph.node('Shape', [centroids], { start: 0, end: 1 });
  const oneHot = graph.node('OneHot', [nearest, k, offOn], { axis: 0 });
  graph.output('labels', graph.node('Cast', [nearest], { to: elementTypeNumber.int32 }), 'int32', ['b']);
  graph.output('sums', graph.node('MatMul', [oneHot, rows]), 'float32', ['k', 'd']);
  return graph.toModel();
}
