import { join } from 'node:path';
import { z } from 'zod';
import { Random } from '../numerics/random.ts';
import { zeroHead } from '../numerics/softmax-head.ts';
import { createHeadTrainer, type LabelledVectors, untrained } from '../numerics/softmax-head-training.ts';
import { createInProcessRunner } from '../runtime/in-process.ts';
import type { BenchRequest } from './bench-request.ts';
import { alternate, type Comparison, median, note, requireAgreement, rounded, spread } from './comparison.ts';
import { readFloat32s, writeNumbers } from './number-files.ts';
import { peerVersions, runPeer } from './python-peer.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

const shape = { rows: 7000, dims: 100, classes: 6, epochs: 60 } as const;
const options = { batchSize: 256, learningRate: 0.01, l2: 1e-4 } as const;
const allowedAccuracyDifference = 0.002;

interface Training {
  readonly seconds: number;
  readonly accuracy: number;
  /** [dims, classes], row-major */
  readonly weights: Float32Array;
}

/**
 * Training a softmax head from zero with Adam over the same batches in the same order: Kindred's ONNX graph, loaded as the model server does, against a NumPy
 * loop. Accuracies on the training rows must agree to 0.2 percent.
 */
export async function benchTrain({ rounds }: BenchRequest): Promise<readonly Comparison[]> {
  const peer = await peerVersions(['numpy']);
  const data = labelledClouds();
  const random = new Random(2);
  const orders = Array.from({ length: shape.epochs }, () => random.permutation(shape.rows));
  return withTemporaryFolder(async (folder) => {
    const { ours, theirs } = await alternate(
      rounds,
      () => trainHere(data, orders),
      () => trainThere(folder, data, orders),
    );
    const [here, there] = [ours[0]!, theirs[0]!];
    const farthest = Math.max(...here.weights.map((weight, at) => Math.abs(weight - there.weights[at]!)));
    note(
      `Kindred ${spread(ours.map(({ seconds }) => seconds))} s, NumPy ${spread(theirs.map(({ seconds }) => seconds))} s`,
    );
    note(
      `accuracy ${rounded(here.accuracy)} and ${rounded(there.accuracy)}; weights differ by at most ${rounded(farthest)}`,
    );
    requireAgreement(
      Math.abs(here.accuracy - there.accuracy) <= allowedAccuracyDifference,
      `the accuracies are ${here.accuracy} and ${there.accuracy}.`,
    );
    const examples = shape.rows * shape.epochs;
    return [
      {
        bench: 'train',
        work: `softmax head, ${shape.rows} x ${shape.dims}, ${shape.classes} classes, ${shape.epochs} epochs of Adam`,
        peer: `NumPy loop (${peer})`,
        ours: examples / median(ours.map(({ seconds }) => seconds)),
        theirs: examples / median(theirs.map(({ seconds }) => seconds)),
        unit: 'rows/s',
      },
    ];
  });
}

/** Overlapping clouds, so that the accuracy says something. */
function labelledClouds(): LabelledVectors {
  const { rows, dims, classes } = shape;
  const random = new Random(1);
  const centres = Float32Array.from({ length: classes * dims }, () => random.normal() * 0.2);
  const labels = Int32Array.from({ length: rows }, () => random.int(classes));
  const vectors = Float32Array.from(
    { length: rows * dims },
    (_, at) => centres[labels[Math.floor(at / dims)]! * dims + (at % dims)]! + random.normal(),
  );
  return { vectors, labels };
}

async function trainHere(data: LabelledVectors, orders: readonly Uint32Array[]): Promise<Training> {
  const { dims, classes } = shape;
  const runner = createInProcessRunner({ intraOpThreads: 1, enableMemPattern: false });
  const startedAtMs = performance.now();
  const trainer = await createHeadTrainer(
    runner,
    { dims, classes, loss: 'cross-entropy', ...options },
    data,
    untrained(zeroHead(dims, classes)),
  );
  try {
    for (const order of orders) await trainer.epoch(order);
    const seconds = (performance.now() - startedAtMs) / 1000;
    const { accuracy } = await trainer.measure(data);
    return { seconds, accuracy, weights: trainer.head().weights.data };
  } finally {
    await trainer.close();
  }
}

async function trainThere(
  folder: string,
  { vectors, labels }: LabelledVectors,
  orders: readonly Uint32Array[],
): Promise<Training> {
  const file = (name: string) => join(folder, name);
  await writeNumbers(file('vectors.f32'), vectors);
  await writeNumbers(file('labels.i32'), labels);
  await writeNumbers(file('orders.u32'), Uint32Array.from(orders.flatMap((order) => [...order])));
  const { batchSize, learningRate, l2 } = options;
  const numbers = [shape.dims, shape.classes, shape.epochs, batchSize, learningRate, l2].map(String);
  const { answer } = await runPeer(
    'train.py',
    [folder, ...numbers],
    z.object({ seconds: z.number(), accuracy: z.number() }),
  );
  return { ...answer, weights: await readFloat32s(file('weights.f32')) };
}
