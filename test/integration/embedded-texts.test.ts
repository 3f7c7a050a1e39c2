import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type EmbedBatch,
  type EmbeddingProfile,
  type EmbedJob,
  embedJobSchema,
  type ModelHost,
} from '../../contracts/model-jobs.ts';
import { cacheEmbeddings } from '../../functions/states/cache-embeddings.ts';
import { collectTexts as collect } from '../../functions/states/collect-texts.ts';
import { mostLambdaTokens } from '../../functions/states/embedding-host.ts';
import { planRun } from '../../functions/states/plan-run.ts';
import { textIdOf } from '../../segmentation/records/text-id.ts';
import { embeddingKeys, runKeys } from '../../storage/keys.ts';
import { writeTexts } from '../../storage/lake-files.ts';
import { matrixTensor, putTensors, readTensors } from '../../storage/tensor-files.ts';
import { drop } from '../harness/dropped-files.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';

/** A text is embedded once, ever, within one profile: CollectTexts and CacheEmbeddings on the embedded S3 and dynalite. */

const partitions = 2;
const encoder = 'all-MiniLM-L6-v2';
let stores: EmbeddedStores;
beforeEach(async () => {
  stores = await startEmbeddedStores(partitions);
});
afterEach(() => stores.close());

function salesOf(...items: string[]): string {
  const lines = items.map((item, i) => `o${i},C${i},2026-01-0${i + 1},${item},1,9.5\n`);
  return `order_id,customer_id,date,item,quantity,price\n${lines.join('')}`;
}

async function planned(): Promise<string> {
  const executionName = `execution at ${stores.events.length}`;
  const startedAt = new Date(stores.nowMs()).toISOString();
  const { runId } = await stores.registry.openRun(executionName, { trigger: 'manual', executionName, startedAt });
  const options = { segments: 'auto', vectorDims: 2, model: 'auto', minimumAccuracy: 0.8, seed: 0 } as const;
  await planRun({ runId }, { ...stores, options, partitions });
  return runId;
}

function collectTexts(
  input: Parameters<typeof collect>[0],
  { objects, registry }: EmbeddedStores,
  hosts: readonly ModelHost[] = ['sagemaker'],
) {
  return collect(input, { objects, registry, hosts });
}

async function jobsOf(runId: string): Promise<(EmbedBatch & { readonly job: EmbedJob })[]> {
  const batches = await stores.objects.getJson(runKeys(runId).embedJobs, (value) => value as EmbedBatch[]);
  return Promise.all(
    batches.map(async (batch) => ({
      ...batch,
      job: await stores.objects.getJson(batch.inputKey, (value) => embedJobSchema.parse(value)),
    })),
  );
}

function profileOf(deviceClass: string): EmbeddingProfile {
  const sha256 = '0'.repeat(64);
  const files = { modelSha256: sha256, tokenizerSha256: sha256 };
  return {
    ...{ model: encoder, ...files, precision: 'int8', pooling: 'mean', maxTokens: 256 },
    ...{ provider: 'cpu', runtimeVersion: '1', deviceClass },
  };
}

/** What the endpoint would leave: each text's vector is its length and its number of blanks. */
async function answer(
  runId: string,
  { batch, inputKey, host, job }: Awaited<ReturnType<typeof jobsOf>>[number],
  device: string,
) {
  const outputKey = `model-output/${runId}-${batch}.out`;
  const data = Float32Array.from(job.texts.flatMap((text) => [text.length, text.split(' ').length - 1]));
  const report = {
    ...{ kind: 'embed', profile: profileOf(device), profileId: `profile-${device}`, texts: job.texts.length },
    ...{ tokens: 1, dims: 2, tokenizeMs: 1, computeMs: 1 },
  };
  const vectors = matrixTensor({ rows: job.texts.length, columns: 2, data });
  await putTensors(stores.objects, outputKey, { vectors }, { job: JSON.stringify(report) });
  return cacheEmbeddings({ runId, job: { batch, inputKey, host }, outputKey }, stores);
}

async function embedAll(runId: string, device: string): Promise<void> {
  for (const job of await jobsOf(runId)) await answer(runId, job, device);
}

test('a text that many name is asked for once, and only while no run has embedded it', async () => {
  await drop(stores, partitions, 'a.csv', salesOf('Blue teapot', 'Paper lamp', 'Blue teapot'));
  const first = await planned();
  expect(await collectTexts({ runId: first, ignoreCache: false }, stores)).toEqual({
    rows: 2,
    texts: 2,
    host: 'sagemaker',
    cachedProfileId: '',
  });
  const [job] = await jobsOf(first);
  expect([...(job?.job.texts ?? [])].sort()).toEqual(['Blue teapot', 'Paper lamp']);
  expect(job?.job.expectedProfileId).toBeUndefined();
  await embedAll(first, 'xeon');

  await drop(stores, partitions, 'b.csv', salesOf('Blue teapot', 'Copper kettle'));
  const second = await planned();
  expect(await collectTexts({ runId: second, ignoreCache: false }, stores)).toEqual({
    rows: 1,
    texts: 3,
    host: 'sagemaker',
    cachedProfileId: 'profile-xeon',
  });
  expect((await jobsOf(second)).map(({ job: { texts, expectedProfileId } }) => ({ texts, expectedProfileId }))).toEqual(
    [{ texts: ['Copper kettle'], expectedProfileId: 'profile-xeon' }],
  );
  await embedAll(second, 'xeon');
  const third = await planned();
  expect(await collectTexts({ runId: third, ignoreCache: false }, stores)).toMatchObject({ rows: 0 });
  expect(await jobsOf(third)).toEqual([]);
});

test('a vector stands in the cache under its own text, and caching it twice changes nothing', async () => {
  await drop(stores, partitions, 'a.csv', salesOf('Blue teapot', 'Lamp'));
  const runId = await planned();
  await collectTexts({ runId, ignoreCache: false }, stores);
  const [job] = await jobsOf(runId);
  const prefix = embeddingKeys.vectorsPrefix('profile-xeon');
  const etags = async () => (await stores.objects.list('embeddings/')).map(({ key, etag }) => [key, etag]);
  expect(await answer(runId, job!, 'xeon')).toEqual({ rows: 2, profileId: 'profile-xeon' });
  const once = await etags();
  await answer(runId, job!, 'xeon');
  expect(await etags()).toEqual(once);
  const [part] = await stores.objects.list(prefix);
  const file = await readTensors(stores.objects, part?.key ?? '');
  const row = file.ids('textIds').indexOf(createHash('sha256').update('Blue teapot').digest('hex').slice(0, 32));
  expect([...file.matrix('vectors').data.subarray(row * 2, row * 2 + 2)]).toEqual([11, 1]);
});

test('another profile of the endpoint has all texts collected anew, and its vectors are the current ones then', async () => {
  await drop(stores, partitions, 'a.csv', salesOf('Blue teapot', 'Paper lamp'));
  const first = await planned();
  await collectTexts({ runId: first, ignoreCache: false }, stores);
  await embedAll(first, 'xeon');
  await drop(stores, partitions, 'b.csv', salesOf('Copper kettle'));
  const second = await planned();
  await collectTexts({ runId: second, ignoreCache: false }, stores);
  expect(await collectTexts({ runId: second, ignoreCache: true }, stores)).toEqual({
    rows: 3,
    texts: 3,
    host: 'sagemaker',
    cachedProfileId: '',
  });
  const [job] = await jobsOf(second);
  expect(job?.job.expectedProfileId).toBeUndefined();
  await embedAll(second, 'epyc');
  const third = await planned();
  expect(await collectTexts({ runId: third, ignoreCache: false }, stores)).toMatchObject({
    rows: 0,
    cachedProfileId: 'profile-epyc',
  });
});

/** A text with as many tokens at most as there are characters and two more. */
const textOfTokens = (tokens: number) => 'x'.repeat(tokens - 2);

test('with both hosts few texts go to the Lambda and bulk to the endpoint, all of a run to one', async () => {
  // The longest texts that the lake keeps have 10,000 characters.
  const most = Math.floor(mostLambdaTokens / 10_000);
  const texts = Array.from({ length: most }, (_, i) => String(i).padStart(9_998, '0'));
  const runId = await plannedTexts(texts);
  expect(await collectTexts({ runId, ignoreCache: false }, stores, ['lambda', 'sagemaker'])).toMatchObject({
    rows: most,
    host: 'lambda',
  });
  const onLambda = await jobsOf(runId);
  expect(new Set(onLambda.map(({ host }) => host))).toEqual(new Set(['lambda']));
  // A minute at 2,000 tokens a second is 120,000: a dozen of these texts.
  expect(onLambda.map(({ job }) => job.texts.length)).toEqual([...Array.from({ length: most / 12 }, () => 12)]);
  expect((await stores.registry.findRun(runId))?.embedding).toEqual({ host: 'lambda', uncachedTexts: most });

  const more = await plannedTexts([...texts, textOfTokens(3)]);
  expect(await collectTexts({ runId: more, ignoreCache: false }, stores, ['lambda', 'sagemaker'])).toMatchObject({
    rows: most + 1,
    host: 'sagemaker',
  });
  expect((await jobsOf(more)).map(({ host, job }) => [host, job.texts.length])).toEqual([['sagemaker', most + 1]]);
});

test('each host has its own vectors: what one has embedded the other embeds anew, and neither forgets', async () => {
  const hosts = ['lambda', 'sagemaker'] as const;
  await drop(stores, partitions, 'a.csv', salesOf('Blue teapot', 'Paper lamp'));
  const first = await planned();
  await collectTexts({ runId: first, ignoreCache: false }, stores, ['sagemaker']);
  await embedAll(first, 'gpu');
  const second = await planned();
  expect(await collectTexts({ runId: second, ignoreCache: false }, stores, hosts)).toMatchObject({
    rows: 2,
    host: 'lambda',
    cachedProfileId: '',
  });
  await embedAll(second, 'graviton');
  const third = await planned();
  for (const [only, cachedProfileId] of [
    ['lambda', 'profile-graviton'],
    ['sagemaker', 'profile-gpu'],
  ] as const) {
    expect(await collectTexts({ runId: third, ignoreCache: false }, stores, [only])).toMatchObject({
      rows: 0,
      cachedProfileId,
    });
  }
});

/** A planned run whose lake holds these texts. */
async function plannedTexts(texts: readonly string[]): Promise<string> {
  await drop(stores, partitions, 'a.csv', salesOf('x'));
  const runId = await planned();
  const key = `lake/texts/${runId}.parquet`;
  await stores.objects.put(key, writeTexts(texts.map((text) => ({ textId: textIdOf(text), text }))));
  const planKey = runKeys(runId).plan;
  const plan = await stores.objects.getJson(planKey, (value) => value as object);
  await stores.objects.putJson(planKey, { ...plan, textParts: [key] });
  return runId;
}
