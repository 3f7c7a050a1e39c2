import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbedJob, embedReportSchema, trainHeadJobSchema } from '../../contracts/model-jobs.ts';
import { continueTraining } from '../../functions/states/continue-training.ts';
import { runModelJob } from '../../functions/states/run-model-job.ts';
import { trainHead } from '../../model-jobs/head-training.ts';
import { createInProcessEmbedder } from '../../model-jobs/in-process-embedder.ts';
import { createEmbedJob, createTrainHeadJob } from '../../model-jobs/jobs.ts';
import { readManifest } from '../../model-jobs/model-registry.ts';
import { Random } from '../../numerics/random.ts';
import { detectDevice } from '../../runtime/device.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { modelInputKeys, modelOutputKey } from '../../storage/keys.ts';
import { putTensors, readTensors } from '../../storage/tensor-files.ts';
import golden from '../fixtures/golden-embeddings.json' with { type: 'json' };
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';

/** Model jobs as the Lambda function does them: requests and answers in the embedded S3, the real encoders and trainer. */

const modelsFolder = fileURLToPath(new URL('../../model-container/models', import.meta.url));
const runId = 'run-000001';
let stores: EmbeddedStores;
let deps: Parameters<typeof runModelJob>[1];
/** One second an epoch: the clock is read at the start of a training and after each. */
let seconds = 0;
const clock = () => {
  seconds += 1;
  return 1000 * seconds;
};

beforeAll(async () => {
  stores = await startEmbeddedStores(1);
  const manifest = readManifest(modelsFolder);
  const runner = createInProcessRunner({ intraOpThreads: 1 });
  const place = { modelsFolder, manifest, provider: 'cpu' } as const;
  deps = {
    objects: stores.objects,
    embed: createEmbedJob({
      manifest,
      device: detectDevice('cpu'),
      embedder: createInProcessEmbedder(place, runner, () => 0),
    }),
    trainHead: createTrainHeadJob({ train: (task) => trainHead(runner, task, clock) }, () => 0),
  };
});
afterAll(() => stores.close());

interface GoldenModel {
  readonly cases: readonly { readonly text: string; readonly embedding: readonly number[] }[];
}

test('texts get the vectors that another implementation gives them', async () => {
  const [model, { cases }] = Object.entries(golden as unknown as Record<string, GoldenModel>)[0]!;
  const inputKey = modelInputKeys.embed(runId, 0);
  await stores.objects.putJson(inputKey, {
    kind: 'embed',
    model,
    texts: cases.map(({ text }) => text),
  } satisfies EmbedJob);
  const { outputKey } = await runModelJob({ runId, inputKey }, deps);
  expect(outputKey).toBe(modelOutputKey(inputKey));
  const answer = await readTensors(stores.objects, outputKey);
  const { columns, data } = answer.matrix('vectors');
  cases.forEach(({ embedding }, row) => {
    const dot = embedding.reduce((sum, value, column) => sum + value * data[row * columns + column]!, 0);
    // As in golden-embeddings.test.ts: integer kernels of another processor may round an activation to the neighbouring step.
    expect(dot / Math.hypot(...embedding)).toBeGreaterThan(0.999);
  });
  expect(answer.json('job', (value) => embedReportSchema.parse(value)).profile).toMatchObject({
    model,
    provider: 'cpu',
  });
});

test('a job for vectors of another profile fails under the name that the state machine catches', async () => {
  const inputKey = modelInputKeys.embed(runId, 1);
  const job: EmbedJob = { kind: 'embed', model: 'all-MiniLM-L6-v2', texts: ['a'], expectedProfileId: 'of a GPU' };
  await stores.objects.putJson(inputKey, job);
  await expect(runModelJob({ runId, inputKey }, deps)).rejects.toMatchObject({
    name: 'EmbeddingProfileChangedError',
    message: expect.stringContaining('of a GPU'),
  });
});

test('a refused job fails with the reason of the refusal, and no answer is left', async () => {
  const inputKey = modelInputKeys.embed(runId, 2);
  await stores.objects.putJson(inputKey, { kind: 'embed', model: 'nobody', texts: ['a'] });
  await expect(runModelJob({ runId, inputKey }, deps)).rejects.toMatchObject({
    name: 'ModelJobFailedError',
    message: expect.stringContaining('UNKNOWN_MODEL'),
  });
  await expect(stores.objects.get(modelOutputKey(inputKey))).rejects.toMatchObject({ name: 'NotStoredError' });
});

/** Two clouds that a line parts badly: the loss goes on falling for a while. */
async function putTrainingRequest(inputKey: string, options: object): Promise<void> {
  const random = new Random(2);
  const labels = Int32Array.from({ length: 400 }, (_, row) => row % 2);
  const data = Float32Array.from({ length: 400 * 3 }, (_, at) => random.normal() + 0.4 * labels[Math.floor(at / 3)]!);
  const job = trainHeadJobSchema.parse({
    kind: 'train-head',
    classes: 2,
    learningRate: 0.05,
    maxEpochs: 12,
    ...options,
  });
  await putTensors(
    stores.objects,
    inputKey,
    {
      vectors: { type: 'float32', dims: [400, 3], data },
      labels: { type: 'int32', dims: [400], data: labels },
    },
    { job: JSON.stringify(job) },
  );
}

test('a training cut into invocations leaves checkpoints in S3, and the head of one that was not cut, to the bit', async () => {
  const options = { patienceEpochs: 12 };
  const wholeKey = 'model-input/whole/train.safetensors';
  await putTrainingRequest(wholeKey, options);
  const whole = await readTensors(stores.objects, (await runModelJob({ runId, inputKey: wholeKey }, deps)).outputKey);

  let inputKey = modelInputKeys.train(runId);
  await putTrainingRequest(inputKey, { ...options, maxSeconds: 5 });
  const requests = [];
  for (;;) {
    requests.push(inputKey);
    const { outputKey } = await runModelJob({ runId, inputKey }, deps);
    const next = await continueTraining({ runId, inputKey, outputKey }, stores);
    // A step that is tried again finds and writes the same.
    expect(await continueTraining({ runId, inputKey, outputKey }, stores)).toEqual(next);
    inputKey = next.inputKey;
    if (!next.isFinished) continue;
    expect((await readTensors(stores.objects, next.outputKey)).tensors).toEqual(whole.tensors);
    break;
  }
  expect(requests).toEqual([
    modelInputKeys.train(runId),
    modelInputKeys.trainFrom(runId, 5),
    modelInputKeys.trainFrom(runId, 10),
  ]);
});
