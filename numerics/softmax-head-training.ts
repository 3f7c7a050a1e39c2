import { GraphBuilder, type Value } from './onnx/graph-builder.ts';
import type { GraphRunner } from './runner.ts';
import { headLogits, type SoftmaxHead } from './softmax-head.ts';
import { type HeadLoss, softmaxHeadLoss } from './softmax-head-loss.ts';
import type { NamedTensors, Tensor } from './tensor.ts';

/**
 * Trains a softmax head with Adam (Kingma and Ba 2015, Algorithm 1). An epoch is one run of one graph of plain ai.onnx operators: a
 * Loop over the batches whose state is weights, bias and their first and second moments.
 */

export interface HeadTrainingOptions {
  readonly dims: number;
  readonly classes: number;
  readonly loss: HeadLoss;
  readonly learningRate: number;
  /** Adds `l2 / 2 * sum(W^2)` to the loss; the bias is left out. */
  readonly l2: number;
  /** Rows of a step; the last step of an epoch takes what is left. */
  readonly batchSize: number;
}

/** Rows to train on or to be measured against. */
export interface LabelledVectors {
  /** [n, dims], row-major */
  readonly vectors: Float32Array;
  /** [n], from 0 to classes - 1 */
  readonly labels: Int32Array;
}

export interface HeadFit {
  /** Mean loss per row, without the L2 term. */
  readonly loss: number;
  /** Share of rows whose largest probability is the label's. */
  readonly accuracy: number;
}

export interface HeadTrainer {
  /** One pass over the rows in the order given (row numbers); answers the fit of each batch before its step, averaged over the rows. */
  epoch(order: Uint32Array): Promise<HeadFit>;
  /** The fit of the present head on other rows. */
  measure(rows: LabelledVectors): Promise<HeadFit>;
  head(): SoftmaxHead;
  /** All that the next epoch depends on besides the rows and their order: training goes on from it to the bit. */
  state(): HeadTrainerState;
  close(): Promise<void>;
}

/** Parameters and Adam's moments, and how many steps led to them. */
export interface HeadTrainerState {
  /** float32 `weights`, `weightsMean`, `weightsSquare` [dims, classes], `bias`, `biasMean`, `biasSquare` [classes] */
  readonly tensors: NamedTensors;
  readonly stepsDone: number;
}

/** The state before the first step: Adam's moments are 0. */
export function untrained({ weights, bias }: SoftmaxHead): HeadTrainerState {
  const shapes = stateShapes({ dims: weights.rows, classes: weights.columns });
  const tensors = shapes.map(([name, dims]): [string, Tensor] => {
    const size = dims.reduce((product, length) => product * length);
    const data = name === 'weights' ? weights.data : name === 'bias' ? bias : new Float32Array(size);
    return [name, { type: 'float32', dims, data }];
  });
  return { tensors: Object.fromEntries(tensors), stepsDone: 0 };
}

const firstDecay = 0.9;
const secondDecay = 0.999;
const epsilon = 1e-8;

/** Goes on from the state given: training depends on nothing but it, the rows and their order. */
export async function createHeadTrainer(
  runner: GraphRunner,
  options: HeadTrainingOptions,
  rows: LabelledVectors,
  start: HeadTrainerState,
): Promise<HeadTrainer> {
  const { dims, classes, batchSize, learningRate } = options;
  const epochSession = await runner.open(buildEpochGraph(options));
  const fitSession = await runner.open(buildFitGraph(options));
  const data = labelledFeeds(rows, dims);
  let state = start.tensors;
  let stepsDone = start.stepsDone;
  return {
    async epoch(order) {
      const steps = Math.ceil(order.length / batchSize);
      const results = await epochSession.run({
        ...data,
        order: { type: 'int64', dims: [order.length], data: BigInt64Array.from(order, BigInt) },
        rates: { type: 'float32', dims: [steps, 2], data: adamRates(learningRate, stepsDone, steps) },
        ...state,
      });
      stepsDone += steps;
      const { lossSum, correct, ...next } = results;
      state = Object.fromEntries(Object.entries(next).map(([name, tensor]) => [name.replace(/^next-/, ''), tensor]));
      return fitOf(lossSum!, correct!, order.length);
    },
    async measure(others) {
      const { weights, bias } = state;
      const { lossSum, correct } = await fitSession.run({
        ...labelledFeeds(others, dims),
        weights: weights!,
        bias: bias!,
      });
      return fitOf(lossSum!, correct!, others.labels.length);
    },
    head: () => ({
      weights: { rows: dims, columns: classes, data: Float32Array.from(state.weights!.data as Float32Array) },
      bias: Float32Array.from(state.bias!.data as Float32Array),
    }),
    state: () => ({ tensors: state, stepsDone }),
    async close() {
      await epochSession.close();
      await fitSession.close();
    },
  };
}

/**
 * Per step t (from 1): the step's length lr / (1 - b1^t) and the second moment's factor 1 / sqrt(1 - b2^t), so that the graph's
 * w -= length * m / (sqrt(v) * factor + eps) is Adam's bias-corrected step.
 */
function adamRates(learningRate: number, stepsDone: number, steps: number): Float32Array {
  const rates = new Float32Array(2 * steps);
  for (let step = 0; step < steps; step += 1) {
    const t = stepsDone + step + 1;
    rates[2 * step] = learningRate / (1 - firstDecay ** t);
    rates[2 * step + 1] = 1 / Math.sqrt(1 - secondDecay ** t);
  }
  return rates;
}

function labelledFeeds({ vectors, labels }: LabelledVectors, dims: number): NamedTensors {
  return {
    vectors: { type: 'float32', dims: [labels.length, dims], data: vectors },
    labels: { type: 'int32', dims: [labels.length], data: labels },
  };
}

function fitOf(lossSum: Tensor, correct: Tensor, rows: number): HeadFit {
  return { loss: Number(lossSum.data[0]) / rows, accuracy: Number(correct.data[0]) / rows };
}

/** What one batch or a whole set of rows yields. */
interface BatchValues {
  /** float32 [] */
  readonly lossSum: Value;
  /** float32 []: rows whose largest logit is the label's */
  readonly correct: Value;
  /** float32 [n, classes] */
  readonly logitGradient: Value;
}

function forward(
  graph: GraphBuilder,
  { classes, loss }: Pick<HeadTrainingOptions, 'classes' | 'loss'>,
  vectors: Value,
  labels: Value,
  weights: Value,
  bias: Value,
): BatchValues {
  const logits = headLogits(graph, vectors, weights, bias);
  const classNumbers = graph.initializer('class-numbers', {
    type: 'int32',
    dims: [1, classes],
    data: Int32Array.from({ length: classes }, (_, index) => index),
  });
  const labelColumn = graph.node('Unsqueeze', [labels, graph.ints([1])]);
  const oneHot = graph.node('Cast', [graph.node('Equal', [labelColumn, classNumbers])], { to: 1 });
  const { losses, logitGradient } = softmaxHeadLoss(graph, loss, classes, logits, oneHot);
  const guesses = graph.node('Cast', [graph.node('ArgMax', [logits], { axis: -1, keepdims: 0 })], { to: 6 });
  const hits = graph.node('Cast', [graph.node('Equal', [guesses, labels])], { to: 1 });
  return {
    lossSum: graph.node('ReduceSum', [losses], { keepdims: 0 }),
    correct: graph.node('ReduceSum', [hits], { keepdims: 0 }),
    logitGradient,
  };
}

function buildFitGraph(options: HeadTrainingOptions): Uint8Array {
  const { dims, classes } = options;
  const graph = new GraphBuilder('softmax-head-fit');
  const { lossSum, correct } = forward(
    graph,
    options,
    graph.input('vectors', 'float32', ['n', dims]),
    graph.input('labels', 'int32', ['n']),
    graph.input('weights', 'float32', [dims, classes]),
    graph.input('bias', 'float32', [classes]),
  );
  graph.output('lossSum', lossSum, 'float32', []);
  graph.output('correct', correct, 'float32', []);
  return graph.toModel();
}

/** The loop's state in the order in which it goes in and out of the body. */
const stateShapes = ({
  dims,
  classes,
}: Pick<HeadTrainingOptions, 'dims' | 'classes'>): readonly (readonly [string, readonly number[]])[] => [
  ['weights', [dims, classes]],
  ['weightsMean', [dims, classes]],
  ['weightsSquare', [dims, classes]],
  ['bias', [classes]],
  ['biasMean', [classes]],
  ['biasSquare', [classes]],
];

function buildEpochGraph(options: HeadTrainingOptions): Uint8Array {
  const graph = new GraphBuilder('softmax-head-epoch');
  const vectors = graph.input('vectors', 'float32', ['n', options.dims]);
  const labels = graph.input('labels', 'int32', ['n']);
  const order = graph.input('order', 'int64', ['ordered']);
  const rates = graph.input('rates', 'float32', ['steps', 2]);
  const shapes = stateShapes(options);
  const state = shapes.map(([name, shape]) => graph.input(name, 'float32', shape));
  const steps = graph.node('Squeeze', [graph.node('Shape', [rates], { end: 1 })]);
  const zero = graph.scalar('float32', 0);
  const body = buildStep(graph, options, { vectors, labels, order, rates });
  const results = graph.nodes('Loop', [steps, '', ...state, zero, zero], shapes.length + 2, { body });
  for (const [index, [name, shape]] of shapes.entries())
    graph.output(`next-${name}`, results[index]!, 'float32', shape);
  graph.output('lossSum', results[shapes.length]!, 'float32', []);
  graph.output('correct', results[shapes.length + 1]!, 'float32', []);
  return graph.toModel();
}

/** The loop's body: one batch, one step of Adam. */
function buildStep(
  around: GraphBuilder,
  options: HeadTrainingOptions,
  { vectors, labels, order, rates }: Readonly<Record<'vectors' | 'labels' | 'order' | 'rates', Value>>,
): GraphBuilder {
  const { l2, batchSize } = options;
  const graph = around.subgraph('step');
  const step = graph.input('step', 'int64', []);
  const goOn = graph.input('go-on', 'bool', []);
  const shapes = stateShapes(options);
  const [weights, weightsMean, weightsSquare, bias, biasMean, biasSquare] = shapes.map(([name, shape]) =>
    graph.input(`step-${name}`, 'float32', shape),
  ) as [Value, Value, Value, Value, Value, Value];
  const lossBefore = graph.input('loss-before', 'float32', []);
  const correctBefore = graph.input('correct-before', 'float32', []);

  const size = graph.ints([batchSize]);
  const start = graph.node('Mul', [graph.node('Unsqueeze', [step, graph.ints([0])]), size]);
  const rows = graph.node('Slice', [order, start, graph.node('Add', [start, size])]);
  const batch = graph.node('Gather', [vectors, rows]);
  const { lossSum, correct, logitGradient } = forward(
    graph,
    options,
    batch,
    graph.node('Gather', [labels, rows]),
    weights,
    bias,
  );
  const count = graph.node('Cast', [graph.node('Size', [rows])], { to: 1 });
  const meanGradient = graph.node('Div', [logitGradient, count]);
  const weightsGradient = graph.node('Add', [
    graph.node('Gemm', [batch, meanGradient], { transA: 1 }),
    graph.node('Mul', [weights, graph.scalar('float32', l2)]),
  ]);
  const biasGradient = graph.node('ReduceSum', [meanGradient, graph.ints([0])], { keepdims: 0 });

  const [length, factor] = graph.nodes('Split', [graph.node('Gather', [rates, step])], 2, { axis: 0, num_outputs: 2 });
  const adam = (value: Value, gradient: Value, mean: Value, square: Value): readonly [Value, Value, Value] => {
    const decayed = (moment: Value, decay: number, fresh: Value): Value =>
      graph.node('Add', [
        graph.node('Mul', [moment, graph.scalar('float32', decay)]),
        graph.node('Mul', [fresh, graph.scalar('float32', 1 - decay)]),
      ]);
    const nextMean = decayed(mean, firstDecay, gradient);
    const nextSquare = decayed(square, secondDecay, graph.node('Mul', [gradient, gradient]));
    const scale = graph.node('Add', [
      graph.node('Mul', [graph.node('Sqrt', [nextSquare]), factor!]),
      graph.scalar('float32', epsilon),
    ]);
    const change = graph.node('Div', [graph.node('Mul', [nextMean, length!]), scale]);
    return [graph.node('Sub', [value, change]), nextMean, nextSquare];
  };

  graph.output('go-on-next', goOn, 'bool', []);
  const next = [
    ...adam(weights, weightsGradient, weightsMean, weightsSquare),
    ...adam(bias, biasGradient, biasMean, biasSquare),
  ];
  for (const [index, [name, shape]] of shapes.entries()) {
    graph.output(`step-next-${name}`, next[index]!, 'float32', shape);
  }
  graph.output('loss-after', graph.node('Add', [lossBefore, lossSum]), 'float32', []);
  graph.output('correct-after', graph.node('Add', [correctBefore, correct]), 'float32', []);
  return graph;
}
