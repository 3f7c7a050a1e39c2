import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { classifyInput } from '../../contracts/api.ts';
import type { RunPlan } from '../../contracts/runs.ts';
import type { SegmentCard } from '../../contracts/segments.ts';
import { embeddingProfile, embeddingProfileId } from '../../model-jobs/embedding-profile.ts';
import { createInProcessEmbedder } from '../../model-jobs/in-process-embedder.ts';
import { readManifest } from '../../model-jobs/model-registry.ts';
import { detectDevice } from '../../runtime/device.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { initAttributes } from '../../segmentation/features/attribute-statistics.ts';
import { behaviourFeatureNames } from '../../segmentation/features/behaviour-features.ts';
import { fitLifecycle } from '../../segmentation/features/lifecycle.ts';
import { ValueCounts } from '../../segmentation/features/value-counts.ts';
import type { RunClassifier } from '../../storage/run-classifier.ts';
import { classifyCustomer } from './classify-customer.ts';

/**
 * A run with one text, the vector of which is the first axis, and a layer that looks at that axis alone: a customer of that text alone
 * has the vector [1], and the logits of the segments are 2 and 0.
 */

const model = 'all-MiniLM-L6-v2';
const modelsFolder = fileURLToPath(new URL('../../model-container/models', import.meta.url));
const manifest = readManifest(modelsFolder);
const device = detectDevice('cpu');
const runner = createInProcessRunner({ intraOpThreads: 1 });
const place = { modelsFolder, manifest, provider: 'cpu' } as const;
const ownProfile = embeddingProfile(model, manifest[model]!, device);
const asOfMs = Date.UTC(2026, 0, 31);
const textDims = 384;
const columns = textDims + behaviourFeatureNames.length;

const firstAxis = (length: number) => Float32Array.from({ length }, (_, at) => (at === 0 ? 1 : 0));
const cardOf = (segmentId: string, name: string) => ({ segmentId, name }) as SegmentCard;

function runOf(profileId: string): RunClassifier {
  return {
    plan: { model, asOfMs } as RunPlan,
    population: {
      attributes: initAttributes(),
      featureMeans: new Float64Array(behaviourFeatureNames.length),
      lifecycle: fitLifecycle(new ValueCounts()),
    },
    textOfItem: new Map([['7', 'text of 7']]),
    profileId,
    texts: { vectors: { rows: 1, columns: textDims, data: firstAxis(textDims) }, rowOf: new Map([['text of 7', 0]]) },
    outputLayer: {
      columns,
      dims: 1,
      mean: new Float32Array(columns),
      projection: { rows: columns, columns: 1, data: firstAxis(columns) },
    },
    head: { weights: { rows: 1, columns: 2, data: Float32Array.of(2, 0) }, bias: new Float32Array(2) },
    cards: [cardOf('seg-1', 'Teapots'), cardOf('seg-2', 'Others')],
  };
}

function classify(run: RunClassifier | undefined, body: object) {
  return classifyCustomer(classifyInput.parse({ body }), {
    liveRun: async () => ({
      runId: 'run-000001',
      runSeq: 1,
      promotedAt: '2026-01-31T00:00:00.000Z',
      manifestSha256: '0',
      modelVersion: 'run-000001-a',
      asOf: '2026-01-31T00:00:00.000Z',
    }),
    classifierOf: async () => run,
    profileOf: () => ownProfile,
    embedder: createInProcessEmbedder(place, runner, () => 0),
    runner,
    nowMs: () => Date.UTC(2026, 1, 28),
  });
}

const known = {
  type: 'purchase',
  time: '2026-01-30T00:00:00Z',
  item: { id: '7', title: 'Called otherwise by the caller' },
};

test('an item that the run knows has the text that the run knows of it, whatever the caller calls it', async () => {
  const answer = await classify(runOf('profile of a GPU'), { events: [known] });
  // e^2 / (e^2 + 1) and 1 / (e^2 + 1)
  expect(answer).toMatchObject({
    segment: { id: 'seg-1', name: 'Teapots' },
    confidence: 0.8808,
    alternatives: [{ id: 'seg-2', name: 'Others', probability: 0.1192 }],
    featuresAsOf: '2026-01-31T00:00:00.000Z',
    embedding: { cachedTexts: 1, embeddedTexts: 0, runProfileId: 'profile of a GPU', isExact: true },
  });
});

test('features are as of what the customer did last, where that was after the run', async () => {
  const answer = await classify(runOf('p'), { events: [known, { ...known, time: '2026-02-20T00:00:00Z' }] });
  expect(answer.featuresAsOf).toBe('2026-02-20T00:00:00.000Z');
  expect(answer.features.orders).toBe(2);
});

test('of new texts the answer says where their profile is not that of the run', async () => {
  const events = [known, { type: 'review', time: '2026-01-30T01:00:00Z', text: 'Pours well' }];
  const own = embeddingProfileId(ownProfile);
  expect((await classify(runOf('profile of a GPU'), { events })).embedding).toEqual({
    cachedTexts: 1,
    embeddedTexts: 1,
    profileId: own,
    runProfileId: 'profile of a GPU',
    isExact: false,
  });
  expect((await classify(runOf(own), { events })).embedding).toMatchObject({ runProfileId: own, isExact: true });
});

test('in a run whose vectors were not made here nobody else can be placed', async () => {
  await expect(classify(undefined, { events: [known] })).rejects.toMatchObject({
    status: 409,
    message: expect.stringContaining('run-000001'),
  });
});
