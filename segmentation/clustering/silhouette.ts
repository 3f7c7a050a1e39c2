import { GraphBuilder } from '../../numerics/onnx/graph-builder.ts';
import { elementTypeNumber } from '../../numerics/onnx/tensor-messages.ts';
import { Random } from '../../numerics/random.ts';
import type { GraphRunner } from '../../numerics/runner.ts';
import type { Matrix, Tensor } from '../../numerics/tensor.ts';
import { rowBlocks, selectRows } from '../vectors/row-blocks.ts';
import { countLabels } from './kmeans-graphs.ts';
import { requireLabelledRows } from './labelled-rows.ts';

export interface SilhouetteOptions {
  readonly seed: number;
  /** Up to this many rows are measured exactly; of more, a sample of this size is drawn. Default 5,000. */
  readonly sampleRows?: number;
}

export interface Silhouette {
  /** Mean width, -1..1: near 1 rows lie well inside their cluster, below 0 nearer to another. 0 for a single cluster. */
  readonly mean: number;
  /** [k], mean width of each cluster's measured rows; NaN for a cluster none of whose rows was measured. */
  readonly perCluster: Float64Array;
  readonly measuredRows: number;
}

/** Rows of one tile of the distance matrix, which is never held whole. */
const TILE_ROWS = 512;

/** The silhouette of `vectors` [n, d] under `labels` [n] (P. Rousseeuw, "Silhouettes", 1987, section 2). */
export async function silhouette(
  vectors: Matrix,
  labels: Int32Array,
  options: SilhouetteOptions,
  runner: GraphRunner,
): Promise<Silhouette> {
  const k = requireLabelledRows(vectors, labels);
  const { seed, sampleRows = 5000 } = options;
  const sampled = vectors.rows > sampleRows;
  const chosen = sampled ? new Random(seed).sample(vectors.rows, sampleRows) : undefined;
  const rows = chosen === undefined ? vectors : selectRows(vectors, chosen);
  const rowLabels = chosen === undefined ? labels : Int32Array.from(chosen, (row) => labels[row]!);
  const [widths] = await silhouetteWidths(rows, [rowLabels], runner);
  const counts = countLabels(rowLabels, k);
  const perCluster = new Float64Array(k);
  widths!.forEach((width, row) => {
    perCluster[rowLabels[row]!]! += width;
  });
  return {
    mean: mean(widths!),
    perCluster: perCluster.map((sum, label) => sum / counts[label]!),
    measuredRows: rows.rows,
  };
}

/**
 * The silhouette width of each of `rows` [m, d] under each of several labellings [m]; the distances are computed once, in
 * float64. A row alone in its cluster, or without another cluster to compare with, has width 0.
 */
export async function silhouetteWidths(
  rows: Matrix,
  labellings: readonly Int32Array[],
  runner: GraphRunner,
): Promise<Float64Array[]> {
  const counts = labellings.map((labels) => countLabels(labels, 1 + labels.reduce((a, b) => Math.max(a, b), 0)));
  const { memberships, firstColumns } = membershipMatrix(labellings, counts);
  const widths = labellings.map(() => new Float64Array(rows.rows));
  const all: Tensor = { type: 'float32', dims: [rows.rows, rows.columns], data: rows.data };
  const session = await runner.open(distanceSumsModel());
  try {
    let start = 0;
    for (const tile of rowBlocks(rows, TILE_ROWS)) {
      const { sums } = await session.run({ tile, all, memberships });
      const { dims, data } = sums as Tensor<'float64'>;
      const [tileRows, columns] = dims as [number, number];
      for (let row = 0; row < tileRows; row += 1) {
        labellings.forEach((labels, index) => {
          const first = row * columns + firstColumns[index]!;
          const ownSums = data.subarray(first, first + counts[index]!.length);
          widths[index]![start + row] = widthOf(labels[start + row]!, ownSums, counts[index]!);
        });
      }
      start += tileRows;
    }
  } finally {
    await session.close();
  }
  return widths;
}

export function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The width of a row with label `own`, given the sums of its distances to each cluster's rows and the clusters' sizes. */
function widthOf(own: number, distanceSums: Float64Array, counts: Int32Array): number {
  if (counts[own] === 1) return 0;
  const within = distanceSums[own]! / (counts[own]! - 1);
  let nearest = Infinity;
  for (let label = 0; label < counts.length; label += 1) {
    if (label !== own && counts[label]! > 0) nearest = Math.min(nearest, distanceSums[label]! / counts[label]!);
  }
  const larger = Math.max(within, nearest);
  return nearest === Infinity || larger === 0 ? 0 : (nearest - within) / larger;
}

/** One 0/1 column per cluster, the labellings side by side: [m, sum of k]. */
function membershipMatrix(
  labellings: readonly Int32Array[],
  counts: readonly Int32Array[],
): { memberships: Tensor<'float32'>; firstColumns: number[] } {
  let columns = 0;
  const firstColumns = counts.map(({ length }) => {
    columns += length;
    return columns - length;
  });
  const rows = labellings[0]!.length;
  const data = new Float32Array(rows * columns);
  labellings.forEach((labels, index) => {
    labels.forEach((label, row) => {
      data[row * columns + firstColumns[index]! + label] = 1;
    });
  });
  return { memberships: { type: 'float32', dims: [rows, columns], data }, firstColumns };
}

/**
 * `tile` [b, d], `all` [m, d], `memberships` [m, c] -> `sums` [b, c] of Euclidean distances. In float64: in float32,
 * |x|^2 - 2 x y + |y|^2 would leave a row a visible distance from itself.
 */
function distanceSumsModel(): Uint8Array {
  const graph = new GraphBuilder('distance-sums');
  const float64 = (name: string, dims: string[]) =>
    graph.node('Cast', [graph.input(name, 'float32', dims)], { to: elementTypeNumber.float64 });
  const tile = float64('tile', ['b', 'd']);
  const all = float64('all', ['m', 'd']);
  const memberships = float64('memberships', ['m', 'c']);
  const lastAxis = graph.ints([1]);
  const tileNorms = graph.node('ReduceSumSquare', [tile, lastAxis], { keepdims: 1 });
  const allNorms = graph.node('ReduceSumSquare', [all, lastAxis], { keepdims: 0 });
  const scores = graph.node('Gemm', [tile, all, allNorms], { alpha: { float: -2 }, transB: 1 });
  const squares = graph.node('Max', [graph.node('Add', [scores, tileNorms]), graph.scalar('float64', 0)]);
  const sums = graph.node('MatMul', [graph.node('Sqrt', [squares]), memberships]);
  graph.output('sums', sums, 'float64', ['b', 'c']);
  return graph.toModel();
}
