import { expect, test } from 'vitest';
import { trainHeadJobSchema } from '../contracts/model-jobs.ts';
import { Random } from '../numerics/random.ts';
import { readSafetensors, writeSafetensors } from '../numerics/safetensors.ts';
import { createInProcessRunner } from '../runtime/in-process.ts';
import { decodeCheckpoint, encodeCheckpoint } from './head-checkpoint.ts';
import {
  type HeadTrainingProgress,
  type HeadTrainingTask,
  type TrainedHead,
  trainHead as train,
} from './head-training.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });
const dims = 2;

/** Two clouds of unit variance around (-shift, 0) and (shift, 0). */
function twoClouds(n: number, shift: number) {
  const random = new Random(11);
  const labels = Int32Array.from({ length: n }, (_, row) => row % 2);
  const vectors = Float32Array.from({ length: n * dims }, (_, at) => {
    const towards = labels[Math.floor(at / dims)] === 1 ? shift : -shift;
    return random.normal() + (at % dims === 0 ? towards : 0);
  });
  return { vectors, labels };
}

/** To its end, however long that takes. */
async function trainHead(
  job: HeadTrainingTask['job'],
  rows: HeadTrainingTask['rows'],
  width: number,
): Promise<TrainedHead> {
  const trained = await train(runner, { job, rows, dims: width }, () => 0);
  if (!trained.isFinished) throw new Error('a training without a limit stopped');
  return trained;
}

const job = (changes: object = {}) =>
  trainHeadJobSchema.parse({ kind: 'train-head', classes: 2, batchSize: 32, maxEpochs: 60, ...changes });

test('reaches the accuracy of the best possible classifier', async () => {
  const { head, validation, trainedRows, validationRows } = await trainHead(
    job({ validationShare: 0.25, learningRate: 0.05 }),
    twoClouds(4000, 1),
    dims,
  );
  expect([trainedRows, validationRows]).toEqual([3000, 1000]);
  // Bayes: Phi(1) = 0.8413; four standard errors of 1,000 rows are 0.046.
  expect(Math.abs(validation.accuracy - 0.8413)).toBeLessThan(0.046);
  // The boundary is x = 0: the second dimension decides nothing.
  const [w00, w01, w10, w11] = head.weights.data as unknown as [number, number, number, number];
  expect(Math.abs(w11 - w10)).toBeLessThan(0.1 * (w01 - w00));
});

test('the same job gives the same bytes, another seed other rows', async () => {
  const rows = twoClouds(200, 0.5);
  const first = await trainHead(job({ seed: 3 }), rows, dims);
  expect(await trainHead(job({ seed: 3 }), rows, dims)).toEqual(first);
  expect((await trainHead(job({ seed: 4 }), rows, dims)).validation).not.toEqual(first.validation);
});

test('stops after the patience and keeps the best epoch', async () => {
  const options = { start: 'zero', learningRate: 0.2, patienceEpochs: 4 };
  const trained = await trainHead(job(options), twoClouds(200, 0.5), dims);
  const validationLosses = Array.from({ length: trained.epochs }, (_, epoch) => trained.curves[4 * epoch + 2]!);
  expect(trained.bestEpoch).toBe(1 + validationLosses.indexOf(Math.min(...validationLosses)));
  expect(trained.epochs).toBe(trained.bestEpoch + 4);
  expect(trained.curves[4 * (trained.bestEpoch - 1) + 3]).toBeCloseTo(trained.validation.accuracy, 6);
});

test('starts at the nearest class mean: few rows of many dimensions are told apart before the first epoch', async () => {
  const random = new Random(5);
  const wide = 50;
  const labels = Int32Array.from({ length: 40 }, (_, row) => row % 2);
  const vectors = Float32Array.from({ length: 40 * wide }, (_, at) => {
    return random.normal() + (at % wide < 10 ? (labels[Math.floor(at / wide)]! === 1 ? 1 : -1) : 0);
  });
  const { validation } = await trainHead(
    job({ maxEpochs: 1, learningRate: 1e-6, validationShare: 0.25 }),
    { vectors, labels },
    wide,
  );
  // Ten columns two standard deviations apart: a Bayes error below 0.1 %.
  expect(validation.accuracy).toBe(1);
});

test.each([
  ['too few rows', { vectors: Float32Array.of(1, 2), labels: Int32Array.of(0) }, '1 rows cannot be split'],
  ['a label that is no class', { vectors: new Float32Array(6), labels: Int32Array.of(0, 1, 2) }, 'row 2 has label 2'],
  ['a negative label', { vectors: new Float32Array(4), labels: Int32Array.of(0, -1) }, 'row 1 has label -1'],
  [
    'a value that is not finite',
    { vectors: Float32Array.of(0, 0, 0, Number.NaN, 0, 0), labels: Int32Array.of(0, 1, 0) },
    'vector of row 1',
  ],
])('refuses %s', async (_, rows, reason) => {
  const training = trainHead(job(), rows, dims);
  await expect(training).rejects.toMatchObject({ code: 'INVALID_JOB', message: expect.stringContaining(reason) });
});

/** As it stands in S3 between two invocations: bytes. */
function stored(progress: HeadTrainingProgress, width: number): HeadTrainingProgress {
  const { tensors, checkpoint } = encodeCheckpoint(progress);
  const { metadata, tensors: read } = readSafetensors(
    writeSafetensors(tensors, { checkpoint: JSON.stringify(checkpoint) }),
  );
  return decodeCheckpoint(JSON.parse(metadata.checkpoint!), read, { dims: width, classes: checkpoint.classes });
}

test.each([
  ['after every epoch', [1]],
  ['now and then', [3, 1, 2]],
])(
  'a training that stops %s and goes on from its checkpoints ends as one that never stopped, to the bit',
  async (_, epochsOfLegs) => {
    const rows = twoClouds(300, 0.4);
    const options = { learningRate: 0.1, patienceEpochs: 6, seed: 9 };
    const whole = await trainHead(job(options), rows, dims);
    let checkpoint: HeadTrainingProgress | undefined;
    for (let leg = 0; ; leg += 1) {
      // The clock strikes once an epoch: it is read at the start and after each.
      let nowMs = 0;
      const seconds = epochsOfLegs[leg % epochsOfLegs.length]!;
      const clock = () => {
        nowMs += 1000;
        return nowMs - 1000;
      };
      const task = { job: job({ ...options, maxSeconds: seconds }), rows, dims, ...(checkpoint && { checkpoint }) };
      const trained = await train(runner, task, clock);
      if (trained.isFinished) {
        expect(leg).toBeGreaterThan(2);
        expect(trained).toEqual(whole);
        return;
      }
      const before: number = checkpoint?.epochs ?? 0;
      expect(trained.epochs).toBe(before + seconds);
      checkpoint = stored(trained, dims);
    }
  },
);

test('a checkpoint of another head is refused', async () => {
  const trained = await train(runner, { job: job({ maxSeconds: 1 }), rows: twoClouds(100, 1), dims }, () => 0);
  expect(trained.isFinished).toBe(true);
  let nowMs = 0;
  const stopped = await train(runner, { job: job({ maxSeconds: 1 }), rows: twoClouds(100, 1), dims }, () => {
    nowMs += 1000;
    return nowMs;
  });
  if (stopped.isFinished) throw new Error('it was to stop after an epoch');
  const { tensors, checkpoint } = encodeCheckpoint(stopped);
  expect(() => decodeCheckpoint(checkpoint, tensors, { dims: 3, classes: 2 })).toThrow('a head of 2 x 2');
  const { 'state.biasMean': _, ...fewer } = tensors;
  expect(() => decodeCheckpoint(checkpoint, fewer, { dims, classes: 2 })).toThrow(
    '"state.biasMean" must be float32 [2]',
  );
});
