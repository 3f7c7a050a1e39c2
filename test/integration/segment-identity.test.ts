import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunSegments, runSegmentsSchema } from '../../contracts/segments.ts';
import { buildFeatures } from '../../functions/states/build-features.ts';
import { describeSegments } from '../../functions/states/describe-segments.ts';
import { planRun } from '../../functions/states/plan-run.ts';
import { runKeys } from '../../storage/keys.ts';
import { intsTensor, matrixTensor, putTensors, readTensors } from '../../storage/tensor-files.ts';
import { drop, pseudonymOf } from '../harness/dropped-files.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';

/** Describe gives clusters ids that last: two runs over a small shop, clustered by hand, on the embedded S3 and dynalite. */

const partitions = 2;
const customerIds = Array.from({ length: 12 }, (_, i) => `C${i}`);
/** C0 to C5 buy teapots often, C6 to C11 a lamp once. */
const isTeaDrinker = (id: string) => customerIds.indexOf(id) < 6;

let stores: EmbeddedStores;
beforeEach(async () => {
  stores = await startEmbeddedStores(partitions);
  const lines = customerIds.flatMap((id) =>
    isTeaDrinker(id)
      ? [2, 9, 16, 23].map((day) => `${id},2026-01-${String(day).padStart(2, '0')},Blue teapot,2,20`)
      : [`${id},2026-01-12,Paper lamp,1,300`],
  );
  await drop(stores, partitions, 'sales.csv', `customer_id,date,item,quantity,price\n${lines.join('\n')}\n`);
});
afterEach(() => stores.close());

/** Runs the states up to Describe; the clustering is given by hand, as a cluster for each customer. */
async function describedRun(k: number, clusterOf: (id: string) => number): Promise<{ runId: string } & RunSegments> {
  const executionName = `execution at ${stores.events.length}`;
  const startedAt = new Date(stores.nowMs()).toISOString();
  const { runId, runSeq } = await stores.registry.openRun(executionName, { trigger: 't', executionName, startedAt });
  const options = { segments: 'auto', vectorDims: 2, model: 'auto', minimumAccuracy: 0.8, seed: 0 } as const;
  await planRun({ runId }, { ...stores, options, partitions });
  const keys = runKeys(runId);
  const idOf = new Map(customerIds.map((id) => [pseudonymOf(id), id]));
  for (let partition = 0; partition < partitions; partition += 1) {
    await buildFeatures({ runId, partition }, stores);
    const customers = (await readTensors(stores.objects, keys.features(partition))).ids('customers');
    const labels = Int32Array.from(customers, (customer) => clusterOf(idOf.get(customer) ?? ''));
    const vectors = { rows: customers.length, columns: 1, data: Float32Array.from(labels) };
    await putTensors(stores.objects, keys.labels(partition), { labels: intsTensor(labels) });
    await putTensors(stores.objects, keys.vectors(partition), { vectors: matrixTensor(vectors) });
  }
  const centroids = { rows: k, columns: 1, data: Float32Array.from({ length: k }, (_, cluster) => cluster) };
  await putTensors(stores.objects, keys.centroids, { centroids: matrixTensor(centroids) });
  await describeSegments({ runId }, stores);
  const segments = await stores.objects.getJson(keys.segments, (value) => runSegmentsSchema.parse(value));
  await goLive(runId, runSeq, segments, clusterOf);
  return { runId, ...segments };
}

/** What Publish and Promote leave for the next run. */
async function goLive(runId: string, runSeq: number, { cards }: RunSegments, clusterOf: (id: string) => number) {
  for (let partition = 0; partition < partitions; partition += 1) {
    const inPartition = customerIds.filter(
      (id) => Math.floor((Number.parseInt(pseudonymOf(id).slice(0, 2), 16) * partitions) / 256) === partition,
    );
    const customers = inPartition.map((id) => [pseudonymOf(id), cards[clusterOf(id)]?.segmentId, 'hash']);
    await stores.objects.putJson(runKeys(runId).assignments(partition), { runSeq, written: [], customers });
  }
  const at = new Date(stores.nowMs()).toISOString();
  const previousRunId = (await stores.registry.findLive())?.runId;
  await stores.registry.promote({
    runId,
    runSeq,
    promotedAt: at,
    manifestSha256: 'm',
    modelVersion: 'm',
    asOf: at,
    ...(previousRunId ? { previousRunId } : {}),
  });
}

const byTaste = (id: string) => (isTeaDrinker(id) ? 0 : 1);

describe('segments', () => {
  test('of the first run are new, counted from 1, and described by who is in them', async () => {
    const { runId, cards, lastNumber, changes } = await describedRun(2, byTaste);
    expect(
      cards.map(({ segmentId, customers, share, matchedFrom }) => ({ segmentId, customers, share, matchedFrom })),
    ).toEqual([
      { segmentId: 'seg-1', customers: 6, share: 0.5, matchedFrom: null },
      { segmentId: 'seg-2', customers: 6, share: 0.5, matchedFrom: null },
    ]);
    // 6 customers x 4 lines x 2 pieces x 20, and 6 x 300.
    expect(cards.map(({ revenue }) => revenue)).toEqual([960, 1800]);
    expect(cards[0]?.items[0]).toMatchObject({ title: 'Blue teapot', customers: 6, customerShare: 1 });
    expect(lastNumber).toBe(2);
    expect(changes.map(({ change }) => change)).toEqual(['new', 'new']);
    const stored = await stores.registry.listSegments(runId);
    expect(stored.map(({ segmentId, name }) => ({ segmentId, name }))).toEqual(
      cards.map(({ segmentId, name }) => ({ segmentId, name })),
    );
  });

  test('keep id and name where the clusters come out in another order', async () => {
    const first = await describedRun(2, byTaste);
    const second = await describedRun(2, (id) => 1 - byTaste(id));
    expect(second.cards.map(({ segmentId }) => segmentId)).toEqual(['seg-2', 'seg-1']);
    expect(second.cards.map(({ name }) => name)).toEqual(first.cards.map(({ name }) => name).toReversed());
    expect(second.cards.map(({ matchedFrom }) => matchedFrom)).toEqual([
      { segmentId: 'seg-2', jaccard: 1 },
      { segmentId: 'seg-1', jaccard: 1 },
    ]);
  });

  test('keep their id through a customer who moves, with the overlap told', async () => {
    await describedRun(2, byTaste);
    const { cards } = await describedRun(2, (id) => (id === 'C5' ? 1 : byTaste(id)));
    // Of six stay five: 5 of 6 together; the other goes from six to seven: 6 of 7.
    expect(cards.map(({ matchedFrom }) => matchedFrom)).toEqual([
      { segmentId: 'seg-1', jaccard: 5 / 6 },
      { segmentId: 'seg-2', jaccard: 6 / 7 },
    ]);
  });

  test('that are new get a number that was never given, also after one is gone', async () => {
    await describedRun(2, byTaste);
    const split = await describedRun(3, (id) => (customerIds.indexOf(id) >= 8 ? 2 : byTaste(id)));
    // Of the six lamp buyers four are in the third cluster: 4 / 6 against 2 / 6, so it goes on as seg-2.
    expect(split.cards.map(({ segmentId }) => segmentId)).toEqual(['seg-1', 'seg-3', 'seg-2']);
    expect(split.changes).toContainEqual({ change: 'split', segmentId: 'seg-2', into: { 'seg-3': 2, 'seg-2': 4 } });
    const merged = await describedRun(2, byTaste);
    expect(merged.changes).toContainEqual({ change: 'gone', segmentId: 'seg-3', customers: 2 });
    const again = await describedRun(3, (id) => (customerIds.indexOf(id) >= 8 ? 2 : byTaste(id)));
    expect(again.cards.map(({ segmentId }) => segmentId)).toEqual(['seg-1', 'seg-4', 'seg-2']);
  });
});
