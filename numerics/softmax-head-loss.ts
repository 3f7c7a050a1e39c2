import type { GraphBuilder, Value } from './onnx/graph-builder.ts';

/**
 * Losses of a softmax output against one label per row, and their gradients with respect to the logits.
 *
 * With p = softmax(z), y the one-hot label and q_c = 1 - p_c:
 * - `cross-entropy`: L = -log p_label, dL/dz = p - y.
 * - `binary-cross-entropy`: L = -sum_c [y_c log p_c + (1 - y_c) log q_c], the sum over the classes of the binary cross-entropy. Through the softmax,
 *   dp_c/dz_j = p_c (1[c = j] - p_j), so with h_c = p_c dL/dp_c = (1 - y_c) p_c / q_c - y_c:
 *       dL/dz_j = h_j - p_j sum_c h_c = (p_j - y_j) - p_j sum_{c != j} h_c.
 *   The last form never subtracts large numbers: p_j p_c / q_c <= 1, as p_j is one of the terms of q_c.
 */
export type HeadLoss = 'binary-cross-entropy' | 'cross-entropy';

export interface HeadLossValues {
  /** The loss of each row, [n, 1]. */
  readonly losses: Value;
  /** The loss's gradient with respect to the logits, [n, classes]. */
  readonly logitGradient: Value;
}

/** Smallest 1 - p told from 0, so that a logarithm stays finite: a row's loss is at most about 69 per class. */
const smallestComplement = 1e-30;

/** logits float32 [n, classes], oneHot float32 [n, classes] */
export function softmaxHeadLoss(
  graph: GraphBuilder,
  loss: HeadLoss,
  classes: number,
  logits: Value,
  oneHot: Value,
): HeadLossValues {
  const lastAxis = graph.ints([-1]);
  const sumOverClasses = (values: Value): Value => graph.node('ReduceSum', [values, lastAxis], { keepdims: 1 });
  // Shifted by the row's largest logit (Blanchard, Higham and Higham 2021), as in LogSoftmax.
  const shifted = graph.node('Sub', [logits, graph.node('ReduceMax', [logits, lastAxis], { keepdims: 1 })]);
  const exponentials = graph.node('Exp', [shifted]);
  const total = sumOverClasses(exponentials);
  const probabilities = graph.node('Div', [exponentials, total]);
  const logProbabilities = graph.node('Sub', [shifted, graph.node('Log', [total])]);
  const error = graph.node('Sub', [probabilities, oneHot]);
  const labelTerm = graph.node('Neg', [sumOverClasses(graph.node('Mul', [oneHot, logProbabilities]))]);
  if (loss === 'cross-entropy') return { losses: labelTerm, logitGradient: error };

  // 1 - p_c as the sum of the other classes' shares, exact where p_c is nearly 1.
  const others = graph.initializer(`others-of-${classes}`, {
    type: 'float32',
    dims: [classes, classes],
    data: Float32Array.from({ length: classes * classes }, (_, at) => Number(at % (classes + 1) !== 0)),
  });
  const complements = graph.node('Max', [
    graph.node('Div', [graph.node('MatMul', [exponentials, others]), total]),
    graph.scalar('float32', smallestComplement),
  ]);
  const notLabel = graph.node('Sub', [graph.scalar('float32', 1), oneHot]);
  const otherTerm = graph.node('Neg', [
    sumOverClasses(graph.node('Mul', [notLabel, graph.node('Log', [complements])])),
  ]);
  const odds = graph.node('Sub', [
    graph.node('Mul', [notLabel, graph.node('Div', [probabilities, complements])]),
    oneHot,
  ]);
  const oddsOfOthers = graph.node('MatMul', [odds, others]);
  return {
    losses: graph.node('Add', [labelTerm, otherTerm]),
    logitGradient: graph.node('Sub', [error, graph.node('Mul', [probabilities, oddsOfOthers])]),
  };
}
