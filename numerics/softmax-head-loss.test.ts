import { expect, test } from 'vitest';
import { createInProcessRunner } from '../runtime/in-process.ts';
import { GraphBuilder } from './onnx/graph-builder.ts';
import { type HeadLoss, softmaxHeadLoss } from './softmax-head-loss.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });

/** logits [n, classes] and labels [n] -> losses [n], gradient [n, classes] */
async function lossInGraph(loss: HeadLoss, logits: readonly (readonly number[])[], labels: readonly number[]) {
  const n = logits.length;
  const classes = logits[0]!.length;
  const graph = new GraphBuilder('loss');
  const logitsIn = graph.input('logits', 'float32', ['n', classes]);
  const oneHot = graph.input('oneHot', 'float32', ['n', classes]);
  const { losses, logitGradient } = softmaxHeadLoss(graph, loss, classes, logitsIn, oneHot);
  graph.output('losses', losses, 'float32', ['n', 1]);
  graph.output('gradient', logitGradient, 'float32', ['n', classes]);
  const session = await runner.open(graph.toModel());
  const dims = [n, classes];
  const results = await session.run({
    logits: { type: 'float32', dims, data: Float32Array.from(logits.flat()) },
    oneHot: {
      type: 'float32',
      dims,
      data: Float32Array.from(labels.flatMap((label) => logits[0]!.map((_, index) => Number(index === label)))),
    },
  });
  await session.close();
  return { losses: results.losses!.data as Float32Array, gradient: results.gradient!.data as Float32Array };
}

/** The losses by their definition, in float64. */
function lossByDefinition(loss: HeadLoss, logits: readonly number[], label: number): number {
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const probabilities = logits.map((logit) => Math.exp(logit) / total);
  if (loss === 'cross-entropy') return -Math.log(probabilities[label]!);
  return -probabilities.reduce((sum, p, index) => sum + Math.log(index === label ? p : 1 - p), 0);
}

const logits = [
  [0.3, -1.2, 0.8, 0.1],
  [2.5, 0.4, -0.7, 1.9],
  [-3.1, 0.2, 0.25, -0.4],
  [0, 0, 0, 0],
];
const labels = [1, 0, 3, 2];

test.each<HeadLoss>(['binary-cross-entropy', 'cross-entropy'])(
  '%s: the gradient is that of finite differences',
  async (loss) => {
    const { losses, gradient } = await lossInGraph(loss, logits, labels);
    const step = 1e-5;
    for (const [row, rowLogits] of logits.entries()) {
      const label = labels[row]!;
      expect(losses[row]).toBeCloseTo(lossByDefinition(loss, rowLogits, label), 5);
      for (const index of rowLogits.keys()) {
        const moved = (by: number) => lossByDefinition(loss, rowLogits.with(index, rowLogits[index]! + by), label);
        expect(gradient[row * rowLogits.length + index]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 5);
      }
    }
  },
);

test('a confidently wrong row has a finite loss and the gradient of the limit', async () => {
  // Label 1, logits [z, 0, 0], z -> infinity: p -> [1, e, e] with e = exp(-z) and q_0 = 2e. Every term of L is then linear in z: the label gives z, q_0 gives
  // z - log 2, so dL/dz_0 -> 2; dL/dz_1 -> -1 - 1/2 and dL/dz_2 -> -1/2 since log q_0 = log(exp(z_1) + exp(z_2)) - z_0.
  for (const z of [15, 40, 60]) {
    const { losses, gradient } = await lossInGraph('binary-cross-entropy', [[z, 0, 0]], [1]);
    expect(losses[0]).toBeCloseTo(2 * z - Math.log(2), 3);
    expect(gradient[0]).toBeCloseTo(2, 3);
    expect(gradient[1]).toBeCloseTo(-1.5, 3);
    expect(gradient[2]).toBeCloseTo(-0.5, 3);
  }
});

test('logits beyond the range of exp stay finite', async () => {
  const { losses, gradient } = await lossInGraph('binary-cross-entropy', [[1000, -1000, 0]], [1]);
  for (const value of [...losses, ...gradient]) expect(Number.isFinite(value)).toBe(true);
  expect(gradient[1]).toBeLessThan(0);
});
