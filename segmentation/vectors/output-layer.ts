import { EigenvalueDecomposition, Matrix as MlMatrix } from 'ml-matrix';
import { GraphBuilder } from '../../numerics/onnx/graph-builder.ts';
import type { GraphRunner } from '../../numerics/runner.ts';
import type { Matrix, Tensor } from '../../numerics/tensor.ts';
import { InvalidVectorsError } from './invalid-vectors-error.ts';
import type { Moments } from './moments.ts';
import { BLOCK_ROWS, requireFiniteRows } from './row-blocks.ts';
import type { VectorBlock } from './vector-blocks.ts';

/** The affine map from a customer's D raw columns to the vector of d numbers that is clustered: `z = (x - mean) projection`. */
export interface OutputLayer {
  readonly columns: number;
  /** d: what was asked for, or the rank of the data if that is smaller; at least 1. */
  readonly dims: number;
  /** [D]. */
  readonly mean: Float32Array;
  /** [D, d], scaling and rotation in one. */
  readonly projection: Matrix;
  /** [d], variance (over n) of each component, falling. */
  readonly explainedVariance: Float64Array;
  /** Variance of all components together, kept or not: the sum of the weights of the blocks that vary. */
  readonly totalVariance: number;
  readonly blocks: readonly FittedBlock[];
}

/** What of an output layer is needed to apply it. */
export type Projection = Pick<OutputLayer, 'columns' | 'dims' | 'mean' | 'projection'>;

export interface FittedBlock extends VectorBlock {
  /** Columns with the same value in every row; they carry no information and get no say. */
  readonly constantColumns: number;
}

/** A column whose deviation is below this share of its mean is constant: float32 cannot hold a difference that small. */
const FLOAT32_STEP = 2 ** -23;

/** Components below this share of the first one's variance are rounding of the float32 co-moments, not data. */
const RANK_TOLERANCE = 1e-6;

/**
 * Fits scaling and principal components to the moments of the raw table [n, D] whose columns are laid out as `blocks`.
 *
 * Each block is brought to its weight in total variance, then the covariance [D, D] of the scaled columns is decomposed
 * (I. Jolliffe, "Principal Component Analysis", 2002, section 1.1). A component's sign makes its largest loading positive.
 * Constant columns, one row and rows all alike are allowed: what does not vary is mapped to 0.
 * Throws `InvalidVectorsError` if blocks and moments disagree or an option is out of range.
 */
export function fitOutputLayer(moments: Moments, blocks: readonly VectorBlock[], dims = 100): OutputLayer {
  const { columns } = moments;
  requireLayout(columns, blocks, dims);
  const variance = columnVariances(moments);
  const { scale, fittedBlocks } = scaleBlocks(variance, blocks);
  const covariance = new MlMatrix(columns, columns);
  for (let row = 0; row < columns; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const comoment = moments.comoments[row * columns + column]!;
      covariance.set(row, column, (scale[row]! * scale[column]! * comoment) / moments.count);
    }
  }
  const decomposition = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  const eigenvalues = decomposition.realEigenvalues.toReversed().map((value) => Math.max(value, 0));
  const rank = eigenvalues.filter((value) => value > RANK_TOLERANCE * eigenvalues[0]!).length;
  const kept = Math.max(1, Math.min(dims, rank));
  return {
    columns,
    dims: kept,
    mean: Float32Array.from(moments.mean),
    projection: projectionOf(decomposition.eigenvectorMatrix, scale, kept),
    explainedVariance: Float64Array.from(eigenvalues.slice(0, kept)),
    totalVariance: scale.reduce((sum, factor, column) => sum + factor * factor * variance[column]!, 0),
    blocks: fittedBlocks,
  };
}

/** The vector [d] of one raw row [D], in plain JavaScript: equal to `projectRows` but for float32 rounding. */
export function projectRow(layer: Projection, row: Float32Array): Float32Array {
  requireFiniteRows({ rows: 1, columns: layer.columns, data: row }, 'the raw row');
  const { dims, mean, projection } = layer;
  const vector = new Float64Array(dims);
  for (let column = 0; column < layer.columns; column += 1) {
    const centred = row[column]! - mean[column]!;
    for (let dim = 0; dim < dims; dim += 1) vector[dim]! += centred * projection.data[column * dims + dim]!;
  }
  return Float32Array.from(vector);
}

/**
 * The vectors [n, d] of raw rows [n, D]. Every product has `BLOCK_ROWS` rows, the last block being filled up with zeros, so a
 * row's bits do not depend on which rows stand around it.
 */
export async function projectRows(layer: Projection, rows: Matrix, runner: GraphRunner): Promise<Matrix> {
  if (rows.columns !== layer.columns) {
    throw new InvalidVectorsError(`raw rows have ${rows.columns} columns; this output layer takes ${layer.columns}`);
  }
  requireFiniteRows(rows, 'raw rows');
  const { columns, dims } = layer;
  const projected = new Float32Array(rows.rows * dims);
  const session = await runner.open(outputLayerModel(layer));
  try {
    for (let start = 0; start < rows.rows; start += BLOCK_ROWS) {
      const end = Math.min(start + BLOCK_ROWS, rows.rows);
      const inputs = paddedBlock(rows.data.subarray(start * columns, end * columns), columns);
      const { vectors } = await session.run({ inputs });
      projected.set((vectors as Tensor<'float32'>).data.subarray(0, (end - start) * dims), start * dims);
    }
  } finally {
    await session.close();
  }
  return { rows: rows.rows, columns: dims, data: projected };
}

/** The layer as an ONNX file: `inputs` [n, D] -> `vectors` [n, d]. */
export function outputLayerModel(layer: Projection): Uint8Array {
  const { columns, dims, mean, projection } = layer;
  const graph = new GraphBuilder('output-layer');
  const inputs = graph.input('inputs', 'float32', ['n', columns]);
  const meanValue = graph.initializer('mean', { type: 'float32', dims: [columns], data: mean });
  const projectionValue = graph.initializer('projection', {
    type: 'float32',
    dims: [columns, dims],
    data: projection.data,
  });
  const vectors = graph.node('MatMul', [graph.node('Sub', [inputs, meanValue]), projectionValue]);
  graph.output('vectors', vectors, 'float32', ['n', dims]);
  return graph.toModel();
}

function paddedBlock(rows: Float32Array, columns: number): Tensor<'float32'> {
  const dims = [BLOCK_ROWS, columns];
  if (rows.length === BLOCK_ROWS * columns) return { type: 'float32', dims, data: rows };
  const data = new Float32Array(BLOCK_ROWS * columns);
  data.set(rows);
  return { type: 'float32', dims, data };
}

/** [D], population variances; exactly 0 for constant columns. */
function columnVariances({ columns, count, mean, comoments }: Moments): Float64Array {
  return mean.map((average, column) => {
    const variance = comoments[column * columns + column]! / count;
    return Math.sqrt(variance) <= FLOAT32_STEP * Math.abs(average) ? 0 : variance;
  });
}

/** The factor [D] of each column, 0 for those that do not vary. */
function scaleBlocks(
  variance: Float64Array,
  blocks: readonly VectorBlock[],
): { scale: Float64Array; fittedBlocks: FittedBlock[] } {
  const scale = new Float64Array(variance.length);
  let start = 0;
  const fittedBlocks = blocks.map((block) => {
    const end = start + block.columns;
    const own = variance.subarray(start, end);
    const varying = own.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
    const total = own.reduce((sum, value) => sum + value, 0);
    for (let column = start; column < end; column += 1) {
      if (variance[column] === 0) continue;
      const divisor = block.scaling === 'each-column' ? varying * variance[column]! : total;
      scale[column] = Math.sqrt(block.weight / divisor);
    }
    start = end;
    return { ...block, constantColumns: block.columns - varying };
  });
  return { scale, fittedBlocks };
}

/** Scale times the last `dims` eigenvectors (they come by rising eigenvalue), largest first: [D, dims]. */
function projectionOf(eigenvectors: MlMatrix, scale: Float64Array, dims: number): Matrix {
  const columns = scale.length;
  const data = new Float32Array(columns * dims);
  for (let dim = 0; dim < dims; dim += 1) {
    const loadings = eigenvectors.getColumn(columns - 1 - dim);
    const largest = loadings.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
    const sign = largest < 0 ? -1 : 1;
    for (let column = 0; column < columns; column += 1) {
      data[column * dims + dim] = sign * scale[column]! * loadings[column]!;
    }
  }
  return { rows: columns, columns: dims, data };
}

function requireLayout(columns: number, blocks: readonly VectorBlock[], dims: number): void {
  const laidOut = blocks.reduce((sum, block) => sum + block.columns, 0);
  if (laidOut !== columns) {
    throw new InvalidVectorsError(`the blocks lay out ${laidOut} columns; the moments have ${columns}`);
  }
  for (const { name, weight } of blocks) {
    if (!(weight >= 0 && weight < Infinity)) {
      throw new InvalidVectorsError(`block "${name}" weighs ${weight}; a weight is a finite number of at least 0`);
    }
  }
  if (!Number.isSafeInteger(dims) || dims < 1) {
    throw new InvalidVectorsError(`${dims} dimensions were asked for; a whole number of at least 1 is needed`);
  }
}
