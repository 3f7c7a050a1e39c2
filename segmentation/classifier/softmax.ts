import { GraphBuilder } from '../../numerics/onnx/graph-builder.ts';
import type { GraphRunner } from '../../numerics/runner.ts';
import { buildSoftmaxHeadModel, headLogits, type SoftmaxHead } from '../../numerics/softmax-head.ts';
import type { Matrix, Tensor } from '../../numerics/tensor.ts';
import { requireFiniteRows, rowBlocks } from '../vectors/row-blocks.ts';
import { InvalidClassifierError } from './invalid-classifier-error.ts';

/** The probabilities [k] of one vector [d], in plain JavaScript. They add up to 1. */
export function classifyRow(head: SoftmaxHead, vector: Float32Array): Float64Array {
  requireHead(head, vector.length);
  requireFiniteRows({ rows: 1, columns: vector.length, data: vector }, 'the vector to classify');
  const k = head.bias.length;
  const logits = Float64Array.from(head.bias);
  for (let dim = 0; dim < vector.length; dim += 1) {
    const value = vector[dim]!;
    for (let label = 0; label < k; label += 1) logits[label]! += value * head.weights.data[dim * k + label]!;
  }
  const largest = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((total, exponential) => total + exponential, 0);
  return exponentials.map((exponential) => exponential / sum);
}

/** The probabilities [n, k] of `vectors` [n, d], as a graph. */
export function classifyRows(head: SoftmaxHead, vectors: Matrix, runner: GraphRunner): Promise<Matrix> {
  return runHead(head, buildSoftmaxHeadModel(head), 'probabilities', vectors, runner);
}

/** The outputs [n, k] of the linear layer for `vectors` [n, d], before the softmax: what `fitTemperature` takes. */
export function logitsOf(head: SoftmaxHead, vectors: Matrix, runner: GraphRunner): Promise<Matrix> {
  const { rows: d, columns: k } = head.weights;
  const graph = new GraphBuilder('linear-head');
  const logits = headLogits(
    graph,
    graph.input('vectors', 'float32', ['n', d]),
    graph.initializer('weights', { type: 'float32', dims: [d, k], data: head.weights.data }),
    graph.initializer('bias', { type: 'float32', dims: [k], data: head.bias }),
  );
  graph.output('logits', logits, 'float32', ['n', k]);
  return runHead(head, graph.toModel(), 'logits', vectors, runner);
}

/** The head whose logits are those of `head` divided by `temperature` > 0: a calibrated head is again a head. */
export function withTemperature({ weights, bias }: SoftmaxHead, temperature: number): SoftmaxHead {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new InvalidClassifierError(`temperature is ${temperature}; a finite number above 0 is needed`);
  }
  return {
    weights: { ...weights, data: weights.data.map((weight) => weight / temperature) },
    bias: bias.map((value) => value / temperature),
  };
}

/** Runs `vectors` [n, d] block by block; `output` is [n, k]. */
async function runHead(
  head: SoftmaxHead,
  model: Uint8Array,
  output: string,
  vectors: Matrix,
  runner: GraphRunner,
): Promise<Matrix> {
  requireHead(head, vectors.columns);
  requireFiniteRows(vectors, 'vectors to classify');
  const columns = head.bias.length;
  const data = new Float32Array(vectors.rows * columns);
  const session = await runner.open(model);
  try {
    let at = 0;
    for (const block of rowBlocks(vectors)) {
      const answer = await session.run({ vectors: block });
      const values = (answer[output] as Tensor<'float32'>).data;
      data.set(values, at);
      at += values.length;
    }
  } finally {
    await session.close();
  }
  return { rows: vectors.rows, columns, data };
}

function requireHead({ weights, bias }: SoftmaxHead, dims: number): void {
  if (weights.rows !== dims || weights.columns !== bias.length) {
    throw new InvalidClassifierError(
      `weights are ${weights.rows} x ${weights.columns} for vectors of ${dims} and ${bias.length} biases; dims x classes are needed`,
    );
  }
}
