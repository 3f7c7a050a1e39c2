import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeRun } from '../../functions/states/close-run.ts';
import { discardRows } from '../../functions/states/discard-rows.ts';
import { promoteRun } from '../../functions/states/promote-run.ts';
import { publishRows } from '../../functions/states/publish-rows.ts';
import { runKeys } from '../../storage/keys.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';
import { lastPurchaseAt, type PlantedRun, plantedPartitions, plantRun, pseudonym } from '../harness/planted-run.ts';

/** Publish, Promote and the discarding of stale rows, on the embedded S3 and dynalite, with runs written by hand. */

let stores: EmbeddedStores;
beforeEach(async () => {
  stores = await startEmbeddedStores(plantedPartitions);
});
afterEach(() => stores.close());

const segments = [
  { segmentId: 'seg-1', name: 'Regulars' },
  { segmentId: 'seg-2', name: 'Gift buyers' },
];
const ann = { customer: pseudonym('1a'), cluster: 0, orders: 3, revenue: 30 };
const ben = { customer: pseudonym('2b'), cluster: 0, orders: 1, revenue: 10 };
const cleo = { customer: pseudonym('9c'), cluster: 1, orders: 5, revenue: 99.5 };
const dora = pseudonym('fd');

const firstRun: PlantedRun = { runSeq: 1, segments, customers: [ann, ben, cleo], prospects: [dora] };

async function publish(runId: string): Promise<number> {
  let written = 0;
  for (let partition = 0; partition < plantedPartitions; partition += 1) {
    written += (await publishRows({ runId, partition }, stores)).rows;
  }
  return written;
}

async function goLive(run: PlantedRun): Promise<string> {
  const runId = await plantRun(stores, run);
  await discardRows({ runId }, stores);
  await publish(runId);
  await promoteRun({ runId }, stores);
  return runId;
}

/** What a look-up finds: the segment in the newest row up to the live run. */
async function segmentOf(customer: string): Promise<string | undefined> {
  const live = await stores.registry.findLive();
  return (await stores.rows.findLive(customer, live?.runSeq ?? 0))?.segmentId;
}

async function rowKeys(): Promise<string[]> {
  const items = await stores.items('Customers');
  return items.map(({ customer, runSeq }) => `${String(customer).slice(0, 2)}@${runSeq}`).sort();
}

describe('Publish', () => {
  test('writes what a look-up answers with: absolute facts, calibrated confidence, the alternatives', async () => {
    const runId = await goLive(firstRun);
    const { startedAt } = await stores.objects.getJson(
      runKeys(runId).plan,
      (value) => value as { readonly startedAt: string },
    );
    expect(await stores.rows.findLive(cleo.customer, 1)).toEqual({
      customer: cleo.customer,
      runSeq: 1,
      segmentId: 'seg-2',
      segmentName: 'Gift buyers',
      confidence: 0.8808, // 1 / (1 + e^-2) = 0.880797
      alternatives: [{ id: 'seg-1', name: 'Regulars', probability: 0.1192 }],
      facts: {
        firstPurchaseAt: '2026-01-01T10:00:00.000Z',
        lastPurchaseAt,
        lastEventAt: lastPurchaseAt,
        orders: 5,
        lines: 5,
        units: 5,
        revenue: 99.5,
        refundAmount: 0,
        distinctItems: 1,
        reviews: 0,
        meanRating: null,
      },
      lifecycleStage: 'active',
      isDataPartial: false,
      assignedAt: startedAt,
      assignedBy: 'model-of-run-000001',
    });
    expect((await stores.rows.findLive(ben.customer, 1))?.isDataPartial).toBe(true);
  });

  test('lists those who have not done anything yet as prospects, whom no model placed', async () => {
    await goLive(firstRun);
    expect(await stores.rows.findLive(dora, 1)).toMatchObject({
      segmentId: 'prospects',
      segmentName: 'Prospects',
      confidence: null,
      alternatives: [],
      lifecycleStage: 'prospect',
      facts: { lastPurchaseAt: null, orders: 0, meanRating: null },
    });
  });

  test('done twice writes the same rows and the same objects', async () => {
    const runId = await plantRun(stores, firstRun);
    const snapshot = async () => ({
      rows: (await stores.items('Customers')).sort((a, b) => (String(a['customer']) < String(b['customer']) ? -1 : 1)),
      objects: (await stores.objects.list(`runs/${runId}/`)).map(({ key, etag }) => [key, etag]),
    });
    expect(await publish(runId)).toBe(4);
    const once = await snapshot();
    expect(await publish(runId)).toBe(4);
    expect(await snapshot()).toEqual(once);
  });

  test('writes rows for those alone about whom anything changed; the others keep the row that they have', async () => {
    const previousRunId = await goLive(firstRun);
    const runId = await plantRun(stores, {
      ...firstRun,
      runSeq: 2,
      previousRunId,
      customers: [ann, { ...ben, orders: 2 }, cleo],
    });
    expect(await publish(runId)).toBe(1);
    await promoteRun({ runId }, stores);
    expect(await rowKeys()).toEqual(['1a@1', '2b@1', '2b@2', '9c@1', 'fd@1']);
    expect((await stores.rows.findLive(ben.customer, 2))?.facts.orders).toBe(2);
    expect(await stores.rows.findLive(ann.customer, 2)).toMatchObject({ runSeq: 1, assignedBy: 'model-of-run-000001' });
  });

  test('writes a row for everybody in a segment that has a new name', async () => {
    const previousRunId = await goLive(firstRun);
    const renamed = [{ segmentId: 'seg-1', name: 'Weekly regulars' }, segments[1]!];
    const runId = await plantRun(stores, { ...firstRun, runSeq: 2, previousRunId, segments: renamed });
    expect(await publish(runId)).toBe(3); // ann and ben, and cleo, whose alternative it is
  });

  test('tells that a customer is gone whom no file names any more, and finds them again when one does', async () => {
    const first = await goLive(firstRun);
    const second = await plantRun(stores, { ...firstRun, runSeq: 2, previousRunId: first, customers: [ann, cleo] });
    expect(await publish(second)).toBe(1);
    expect(await publish(second)).toBe(1);
    expect(await segmentOf(ben.customer)).toBe('seg-1'); // not before the run is live
    await promoteRun({ runId: second }, stores);
    expect(await segmentOf(ben.customer)).toBeUndefined();
    await goLive({ ...firstRun, runSeq: 3, previousRunId: second });
    expect(await segmentOf(ben.customer)).toBe('seg-1');
  });

  test('keeps everything older than its own run in place, so that history and rollback have it', async () => {
    const previousRunId = await goLive(firstRun);
    await goLive({ ...firstRun, runSeq: 2, previousRunId, customers: [{ ...ann, cluster: 1 }, ben, cleo] });
    expect((await stores.rows.findLive(ann.customer, 1))?.segmentId).toBe('seg-1');
    expect((await stores.rows.findLive(ann.customer, 2))?.segmentId).toBe('seg-2');
  });
});

describe('a run that does not go live', () => {
  const movedAnn = { ...ann, cluster: 1 };

  test('is never seen, and its rows are gone before the next run publishes', async () => {
    const previousRunId = await goLive(firstRun);
    const failed = await plantRun(stores, { ...firstRun, runSeq: 2, previousRunId, customers: [movedAnn, ben, cleo] });
    await publish(failed);
    expect(await rowKeys()).toContain('1a@2');
    expect(await segmentOf(ann.customer)).toBe('seg-1');

    // Of ann the third run has nothing new to tell: were the second's row still there, it would come to light now.
    const third = await plantRun(stores, { ...firstRun, runSeq: 3, previousRunId });
    expect(await discardRows({ runId: third }, stores)).toEqual({ rows: 1 });
    expect(await publish(third)).toBe(0);
    await promoteRun({ runId: third }, stores);
    expect(await segmentOf(ann.customer)).toBe('seg-1');
    expect(await rowKeys()).toEqual(['1a@1', '2b@1', '9c@1', 'fd@1']);
  });

  test('is undone where it died among its writes, and where it had not begun to write', async () => {
    const previousRunId = await goLive(firstRun);
    const half = await plantRun(stores, {
      ...firstRun,
      runSeq: 2,
      previousRunId,
      customers: [movedAnn, ben, { ...cleo, cluster: 0 }],
    });
    await publishRows({ runId: half, partition: 0 }, stores);
    await plantRun(stores, { ...firstRun, runSeq: 3, previousRunId });
    const fourth = await plantRun(stores, { ...firstRun, runSeq: 4, previousRunId });
    expect(await discardRows({ runId: fourth }, stores)).toEqual({ rows: 1 });
    expect(await discardRows({ runId: fourth }, stores)).toEqual({ rows: 1 }); // deleting what is gone changes nothing
    expect(await rowKeys()).toEqual(['1a@1', '2b@1', '9c@1', 'fd@1']);
  });

  test('before any run is live leaves nothing behind either', async () => {
    const failed = await plantRun(stores, firstRun);
    await publish(failed);
    expect(await segmentOf(ann.customer)).toBeUndefined();
    const second = await plantRun(stores, { ...firstRun, runSeq: 2, customers: [ann], prospects: [] });
    await discardRows({ runId: second }, stores);
    await publish(second);
    await promoteRun({ runId: second }, stores);
    expect(await rowKeys()).toEqual(['1a@2']);
  });
});

describe('Promote', () => {
  test('flips the pointer, supersedes the run before, and says how many members each partition lists', async () => {
    const previousRunId = await goLive(firstRun);
    const runId = await goLive({ ...firstRun, runSeq: 2, previousRunId });
    expect(await stores.registry.findLive()).toMatchObject({
      runId,
      runSeq: 2,
      previousRunId,
      modelVersion: 'model-of-run-000002',
      asOf: '2026-02-01T10:00:00.000Z',
    });
    expect((await stores.registry.findRun(previousRunId))?.status).toBe('SUPERSEDED');
    expect(await stores.registry.findRun(runId)).toMatchObject({ status: 'LIVE', prospects: 1 });
    expect(await stores.objects.getJson(runKeys(runId).members('seg-1'), (value) => value)).toMatchObject({
      segmentId: 'seg-1',
      customers: 2,
      partitions: [2, 0],
    });
    expect(await stores.objects.getJson(runKeys(runId).members('prospects'), (value) => value)).toMatchObject({
      customers: 1,
      partitions: [0, 1],
    });
  });

  test('done twice changes nothing, whether or not the first time got to its end', async () => {
    const previousRunId = await goLive(firstRun);
    const runId = await goLive({ ...firstRun, runSeq: 2, previousRunId });
    const pointer = await stores.registry.findLive();
    // As if the first time had died between the flip and its notes.
    await stores.registry.updateRun(previousRunId, { status: 'LIVE' });
    await stores.registry.updateRun(runId, { status: 'RUNNING' });
    stores.advance(5000);
    await promoteRun({ runId }, stores);
    expect(await stores.registry.findLive()).toEqual(pointer);
    expect((await stores.registry.findRun(previousRunId))?.status).toBe('SUPERSEDED');
    expect(await stores.registry.findRun(runId)).toMatchObject({ status: 'LIVE', finishedAt: pointer?.promotedAt });
  });

  test('refuses a run that another overtook', async () => {
    const old = await plantRun(stores, firstRun);
    await publish(old);
    const live = await goLive({ ...firstRun, runSeq: 2 });
    await expect(promoteRun({ runId: old }, stores)).rejects.toMatchObject({ name: 'OvertakenRunError' });
    expect((await stores.registry.findLive())?.runId).toBe(live);
    expect((await stores.registry.findRun(live))?.status).toBe('LIVE');
  });
});

describe('closing a run', () => {
  test('notes the message of a failed function for people, not the JSON around it', async () => {
    const runId = await plantRun(stores, firstRun);
    const reason = JSON.stringify({ errorType: 'CorruptRecordError', errorMessage: 'tensor labels is missing' });
    await closeRun({ runId, status: 'FAILED', error: 'CorruptRecordError', reason }, stores);
    expect(await stores.registry.findRun(runId)).toMatchObject({
      status: 'FAILED',
      error: 'CorruptRecordError',
      reason: 'tensor labels is missing',
    });
  });

  test('notes a cause that only looks like JSON as it is', async () => {
    const runId = await plantRun(stores, firstRun);
    const reason = '{"errorMessage":"cut off at 32,768 charac';
    await closeRun({ runId, status: 'FAILED', error: 'States.TaskFailed', reason }, stores);
    expect((await stores.registry.findRun(runId))?.reason).toBe(reason);
  });

  test('leaves a run live that failed after its promotion, and notes what failed', async () => {
    const runId = await goLive(firstRun);
    await closeRun({ runId, status: 'FAILED', error: 'StorageUnavailableError', reason: 'no event bus' }, stores);
    expect(await stores.registry.findRun(runId)).toMatchObject({
      status: 'LIVE',
      error: 'StorageUnavailableError',
      reason: 'no event bus',
    });
  });
});
