import { expect, test } from 'vitest';
import { createInProcessRunner } from '../runtime/in-process.ts';
import { buildSoftmaxHeadModel, zeroHead } from './softmax-head.ts';
import { createHeadTrainer, untrained } from './softmax-head-training.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });

// 13 rows, so that the last of three batches of 5 is short.
const n = 13;
const rows = {
  vectors: Float32Array.from({ length: n * 3 }, (_, at) => {
    const [row, dim] = [Math.floor(at / 3), at % 3];
    return Math.sin(1.7 * row + 2.3 * dim) + 0.5 * Number(row % 3 === dim);
  }),
  labels: Int32Array.from({ length: n }, (_, row) => row % 3),
};
const orderOfEpoch = (epoch: number) => Uint32Array.from({ length: n }, (_, row) => (5 * row + 3 * epoch) % n);

// Made by a NumPy float64 program: dL/dp times the softmax's full Jacobian per row, Adam as in Kingma and Ba's Algorithm 1.
const oracles = [
  {
    loss: 'binary-cross-entropy',
    epochLosses: [1.9639565426374845, 1.835377657416974, 1.781076280380879, 1.7435774305295388],
    weights: [0.2187958, -0.1909134, 0.0242515, -0.0556453, 0.2590719, -0.1862615, -0.0284025, -0.2863375, 0.203112],
    bias: [0.1377721, -0.0163631, 0.0086622],
    fitLoss: 1.728057518868906,
  },
  {
    loss: 'cross-entropy',
    epochLosses: [1.1343199829573682, 1.0489348406892114, 1.0116591946740714, 0.9867404489966979],
    weights: [0.2126678, -0.1919295, 0.0297102, -0.0572004, 0.2639796, -0.191046, -0.0203575, -0.2978081, 0.2046491],
    bias: [0.1439752, -0.0258068, 0.0088286],
    fitLoss: 0.9766963035267332,
  },
] as const;

test.each(oracles)('$loss: losses and weights after four epochs are those of NumPy', async (oracle) => {
  const trainer = await createHeadTrainer(
    runner,
    { dims: 3, classes: 3, loss: oracle.loss, learningRate: 0.05, l2: 0.01, batchSize: 5 },
    rows,
    untrained(zeroHead(3, 3)),
  );
  const accuracies: number[] = [];
  for (const [epoch, epochLoss] of oracle.epochLosses.entries()) {
    const fit = await trainer.epoch(orderOfEpoch(epoch));
    expect(fit.loss).toBeCloseTo(epochLoss, 5);
    accuracies.push(fit.accuracy);
  }
  expect(accuracies).toEqual([2 / 13, 5 / 13, 6 / 13, 6 / 13]);
  const { weights, bias } = trainer.head();
  for (const [at, weight] of oracle.weights.entries()) expect(weights.data[at]).toBeCloseTo(weight, 5);
  for (const [at, value] of oracle.bias.entries()) expect(bias[at]).toBeCloseTo(value, 5);
  const fit = await trainer.measure(rows);
  expect(fit.loss).toBeCloseTo(oracle.fitLoss, 5);
  expect(fit.accuracy).toBe(6 / 13);
  await trainer.close();
});

test('the inference head gives softmax(vectors W + b)', async () => {
  const weights = { rows: 2, columns: 3, data: Float32Array.of(1, 0, -1, 0.5, 2, 0) };
  const session = await runner.open(buildSoftmaxHeadModel({ weights, bias: Float32Array.of(0, 0.1, -0.2) }));
  const { probabilities } = await session.run({
    vectors: { type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 0, 0) },
  });
  // scipy.special.softmax([[2, 4.1, -1.2], [0, 0.1, -0.2]], axis=1)
  const expected = [0.10861381, 0.88695885, 0.00442734, 0.34200877, 0.37797814, 0.28001309];
  for (const [at, value] of expected.entries()) expect(probabilities!.data[at]).toBeCloseTo(value, 6);
  await session.close();
});
