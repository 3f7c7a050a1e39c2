import { GraphBuilder, type Value } from './onnx/graph-builder.ts';
import type { Matrix } from './tensor.ts';

/** A linear classifier with a softmax output: probabilities = softmax(vectors W + b). */
export interface SoftmaxHead {
  /** [dims, classes] */
  readonly weights: Matrix;
  /** [classes] */
  readonly bias: Float32Array;
}

/** The head that finds every class as likely as any other. */
export function zeroHead(dims: number, classes: number): SoftmaxHead {
  return {
    weights: { rows: dims, columns: classes, data: new Float32Array(dims * classes) },
    bias: new Float32Array(classes),
  };
}

/** The head as an ONNX file: `vectors` float32 [n, dims] -> `probabilities` float32 [n, classes], rows summing to 1. */
export function buildSoftmaxHeadModel({ weights, bias }: SoftmaxHead): Uint8Array {
  const { rows: dims, columns: classes } = weights;
  const graph = new GraphBuilder('softmax-head');
  const vectors = graph.input('vectors', 'float32', ['n', dims]);
  const logits = headLogits(
    graph,
    vectors,
    graph.initializer('weights', { type: 'float32', dims: [dims, classes], data: weights.data }),
    graph.initializer('bias', { type: 'float32', dims: [classes], data: bias }),
  );
  graph.output('probabilities', graph.node('Softmax', [logits], { axis: -1 }), 'float32', ['n', classes]);
  return graph.toModel();
}

/** vectors [n, dims], weights [dims, classes], bias [classes] -> logits [n, classes] */
export function headLogits(graph: GraphBuilder, vectors: Value, weights: Value, bias: Value): Value {
  return graph.node('Gemm', [vectors, weights, bias]);
}
