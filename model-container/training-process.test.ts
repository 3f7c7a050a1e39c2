import { afterAll, beforeAll, expect, test } from 'vitest';
import { trainHeadJobSchema } from '../contracts/model-jobs.ts';
import { WorkerExitedError, WorkerTaskError } from '../runtime/worker-process.ts';
import { TrainingProcess } from './training-process.ts';

/** The real process. */
let training: TrainingProcess;
const lost: Error[] = [];

beforeAll(async () => {
  training = await TrainingProcess.start((cause) => lost.push(cause));
});
afterAll(() => training.close());

function task(changes: object = {}) {
  const job = trainHeadJobSchema.parse({ kind: 'train-head', classes: 2, maxEpochs: 3, batchSize: 4, ...changes });
  const labels = Int32Array.from({ length: 20 }, (_, row) => row % 2);
  return { job, rows: { vectors: Float32Array.from({ length: 20 }, (_, row) => (row % 2) - 0.5), labels }, dims: 1 };
}
const endless = () => task({ maxEpochs: 2 ** 40, patienceEpochs: 2 ** 40 });
const never = new AbortController().signal;

test('trains, and says of a bad job what is wrong with it', async () => {
  expect(await training.train(task(), never)).toMatchObject({ isFinished: true, epochs: 3 });
  const refused = training.train({ ...task(), rows: { ...task().rows, labels: new Int32Array(20).fill(7) } }, never);
  await expect(refused).rejects.toThrow(WorkerTaskError);
  await expect(refused).rejects.toMatchObject({ failure: { code: 'INVALID_JOB' } });
});

test('a running job ends when its caller goes away; the job that waited for it runs in a new process', async () => {
  const caller = new AbortController();
  const abandoned = training.train(endless(), caller.signal);
  const waiting = training.train(task(), never);
  setImmediate(() => caller.abort());
  await expect(abandoned).rejects.toThrow(WorkerExitedError);
  expect(await waiting).toMatchObject({ epochs: 3 });
  expect(lost).toEqual([]);
});

test('a waiting job whose caller goes away is never begun', async () => {
  const caller = new AbortController();
  const running = training.train(task(), never);
  const waiting = training.train(endless(), caller.signal);
  caller.abort(new Error('gone'));
  expect(await running).toMatchObject({ epochs: 3 });
  await expect(waiting).rejects.toThrow('gone');
  expect(await training.train(task(), never)).toMatchObject({ isFinished: true, epochs: 3 });
});

test('a training stops after its seconds, and goes on from its checkpoint in a process that knows nothing of it', async () => {
  const whole = await training.train(task({ maxEpochs: 4 }), never);
  // Less than any epoch takes: it stops after each.
  const short = task({ maxEpochs: 4, maxSeconds: 1e-9 });
  let trained = await training.train(short, never);
  let stops = 0;
  while (!trained.isFinished) {
    stops += 1;
    expect(trained.epochs).toBe(stops);
    trained = await training.train({ ...short, checkpoint: trained }, never);
  }
  expect(stops).toBe(3);
  expect(trained).toEqual(whole);
});
