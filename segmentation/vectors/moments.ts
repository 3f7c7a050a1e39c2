import { GraphBuilder } from '../../numerics/onnx/graph-builder.ts';
import type { GraphRunner, GraphSession } from '../../numerics/runner.ts';
import type { Matrix, Tensor } from '../../numerics/tensor.ts';
import { InvalidVectorsError } from './invalid-vectors-error.ts';
import { PairwiseFold } from './pairwise-fold.ts';
import { requireFiniteRows, rowBlocks } from './row-blocks.ts';

/** Count, mean and co-moments of the rows of a table with D columns: all that the output layer is fitted from. */
export interface Moments {
  readonly columns: number;
  readonly count: number;
  /** [D]. */
  readonly mean: Float64Array;
  /** [D, D], the sum over the rows of `(x - mean)^T (x - mean)`. */
  readonly comoments: Float64Array;
}

/**
 * The moments of `rows` [n, D], D up to about 500, by one product [D, b] x [b, D] per block of rows, each block centred on its
 * own mean so that columns far from 0 keep their digits.
 *
 * A shard that holds a power of two of whole blocks can be counted apart and merged with `mergeMoments` to the same bits.
 */
export async function momentsOf(rows: Matrix, runner: GraphRunner): Promise<Moments> {
  requireFiniteRows(rows, 'rows to take moments of');
  const session = await runner.open(comomentGraph(rows.columns));
  try {
    const fold = new PairwiseFold(mergeTwo);
    for (const block of rowBlocks(rows)) fold.push(await momentsOfBlock(block, session));
    return fold.result()!;
  } finally {
    await session.close();
  }
}

/**
 * The moments of all rows together, the parts in row order (T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise
 * algorithm for computing sample variances", 1979, section 2). Throws `InvalidVectorsError` on no parts or unequal columns.
 */
export function mergeMoments(parts: readonly Moments[]): Moments {
  const fold = new PairwiseFold(mergeTwo);
  for (const part of parts) fold.push(part);
  const merged = fold.result();
  if (merged === undefined) throw new InvalidVectorsError('there are no moments to merge; at least one part is needed');
  return merged;
}

function mergeTwo(left: Moments, right: Moments): Moments {
  const { columns } = left;
  if (columns !== right.columns) {
    throw new InvalidVectorsError(`moments of ${columns} and of ${right.columns} columns cannot be merged`);
  }
  const count = left.count + right.count;
  const rightShare = right.count / count;
  const between = left.count * rightShare;
  const shift = right.mean.map((value, column) => value - left.mean[column]!);
  const mean = left.mean.map((value, column) => value + shift[column]! * rightShare);
  const comoments = new Float64Array(columns * columns);
  for (let row = 0; row < columns; row += 1) {
    const rowShift = between * shift[row]!;
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      comoments[at] = left.comoments[at]! + right.comoments[at]! + rowShift * shift[column]!;
    }
  }
  return { columns, count, mean, comoments };
}

async function momentsOfBlock(block: Tensor<'float32'>, session: GraphSession): Promise<Moments> {
  const [count, columns] = block.dims as [number, number];
  const { data } = block;
  const mean = new Float64Array(columns);
  for (let start = 0; start < data.length; start += columns) {
    for (let column = 0; column < columns; column += 1) mean[column]! += data[start + column]!;
  }
  for (let column = 0; column < columns; column += 1) mean[column]! /= count;
  const centred = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += columns) {
    for (let column = 0; column < columns; column += 1) {
      centred[start + column] = data[start + column]! - mean[column]!;
    }
  }
  const { comoments } = await session.run({ centred: { type: 'float32', dims: [count, columns], data: centred } });
  return { columns, count, mean, comoments: Float64Array.from((comoments as Tensor<'float32'>).data) };
}

/** `centred` [b, D] -> `comoments` [D, D]. */
function comomentGraph(columns: number): Uint8Array {
  const graph = new GraphBuilder('comoments');
  const centred = graph.input('centred', 'float32', ['rows', columns]);
  graph.output('comoments', graph.node('Gemm', [centred, centred], { transA: 1 }), 'float32', [columns, columns]);
  return graph.toModel();
}
