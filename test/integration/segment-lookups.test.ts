import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { batchGetCustomerSegments } from '../../functions/routes/batch-get-customer-segments.ts';
import { getCustomerSegment } from '../../functions/routes/get-customer-segment.ts';
import { getRun } from '../../functions/routes/get-run.ts';
import { getSegment } from '../../functions/routes/get-segment.ts';
import { listRuns } from '../../functions/routes/list-runs.ts';
import { listSegmentMembers } from '../../functions/routes/list-segment-members.ts';
import { listSegments } from '../../functions/routes/list-segments.ts';
import { promoteRun } from '../../functions/states/promote-run.ts';
import { publishRows } from '../../functions/states/publish-rows.ts';
import { liveRunReader } from '../../functions/wiring/live-run.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';
import { type PlantedRun, plantedCard, plantedPartitions, plantRun, pseudonym } from '../harness/planted-run.ts';

/** The routes' steps on runs written by hand, on the embedded S3 and dynalite. */

let stores: EmbeddedStores;
beforeEach(async () => {
  stores = await startEmbeddedStores(plantedPartitions);
});
afterEach(() => stores.close());

const segments = [
  { segmentId: 'seg-1', name: 'Regulars' },
  { segmentId: 'seg-2', name: 'Gift buyers' },
];
/** Seven customers, four of them in the first partition; `C3` in the segment of the others' neighbours. */
const digits = ['0a', '1b', '2c', '3d', '8e', '9f', 'f0'];
const customers = digits.map((digit, i) => ({
  customer: pseudonym(digit),
  cluster: i === 3 ? 1 : 0,
  orders: i + 1,
  revenue: 10 * (i + 1),
}));
const prospect = pseudonym('ee');
const idOf = new Map([...digits.map((digit, i) => [pseudonym(digit), `C${i}`] as const), [prospect, 'P0']]);
const run: PlantedRun = { runSeq: 1, segments, customers, prospects: [prospect] };

async function goLive(planted: PlantedRun): Promise<string> {
  const runId = await plantRun(stores, planted);
  for (let partition = 0; partition < plantedPartitions; partition += 1)
    await publishRows({ runId, partition }, stores);
  await stores.registry.putSegments(
    runId,
    planted.segments.map(({ segmentId, name }) => plantedCard(segmentId, name)),
  );
  await promoteRun({ runId }, stores);
  return runId;
}

function putIdentities(): Promise<void> {
  return stores.identities.putImport(
    'i'.repeat(32),
    [...idOf].map(([customer, customerId]) => ({ customer, customerId })),
  );
}

/** Every look-up reads the pointer anew, as the first of a process does. */
const freshPointer = () => liveRunReader(stores.registry, stores.nowMs)();
const members = (input: { segmentId: string; limit: number; cursor?: string }) =>
  listSegmentMembers({ cursor: undefined, ...input }, { ...stores, liveRun: freshPointer });
const pseudonymOf = (id: string) => [...idOf].find(([, known]) => known === id)?.[0] ?? pseudonym('77');
const lookUp = (customerId: string, liveRun: () => ReturnType<typeof freshPointer> = freshPointer) => {
  return getCustomerSegment({ customerId }, { rows: stores.rows, pseudonymOf, liveRun });
};

describe('a customer', () => {
  test('is answered with segment, confidence, facts, and days counted to the run, not to now', async () => {
    await goLive(run);
    expect(await lookUp('C2')).toMatchObject({
      customerId: 'C2',
      segment: { id: 'seg-1', name: 'Regulars' },
      confidence: 0.8808,
      alternatives: [{ id: 'seg-2', name: 'Gift buyers', probability: 0.1192 }],
      // Bought on 31 January at 10:00, first on 1 January; the run is as of 1 February at 10:00.
      features: { orders: 3, revenue: 30, recencyDays: 1, tenureDays: 31 },
      runId: 'run-000001',
      modelVersion: 'model-of-run-000001',
      featuresAsOf: '2026-02-01T10:00:00.000Z',
    });
  });

  test('who has not bought anything is a prospect without confidence, days or alternatives', async () => {
    await goLive(run);
    expect(await lookUp('P0')).toMatchObject({
      segment: { id: 'prospects', name: 'Prospects' },
      confidence: null,
      alternatives: [],
      features: { lifecycleStage: 'prospect', recencyDays: null, tenureDays: null },
      isDataPartial: true,
    });
  });

  test('whom nobody knows is 404, and the answer does not repeat the id', async () => {
    await goLive(run);
    const problem = await lookUp('nobody@example.com').catch((error: unknown) => error);
    expect(problem).toMatchObject({ name: 'ApiProblem', status: 404 });
    expect((problem as Error).message).not.toContain('nobody');
  });

  test('is 404 before the first run is live, and found as soon as it is', async () => {
    const liveRun = liveRunReader(stores.registry, stores.nowMs);
    await expect(lookUp('C0', liveRun)).rejects.toMatchObject({ status: 404, title: 'No live run' });
    await goLive(run);
    expect((await lookUp('C0', liveRun)).runId).toBe('run-000001');
  });
});

describe('many customers at once', () => {
  const batch = (customerIds: string[]) =>
    batchGetCustomerSegments({ body: { customerIds } }, { rows: stores.rows, pseudonymOf, liveRun: freshPointer });

  test('are each answered as alone, in the order asked for, twice where asked twice; the unknown are listed', async () => {
    await goLive(run);
    const { data, notFound, ...provenance } = await batch(['C6', 'nobody', 'C3', 'P0', 'C6', 'no one']);
    const alone = await Promise.all(['C6', 'C3', 'P0', 'C6'].map((id) => lookUp(id)));
    expect(data.map((one) => ({ ...one, ...provenance }))).toEqual(alone);
    expect(notFound).toEqual(['nobody', 'no one']);
  });

  test('are answered a hundred at a time, more than are asked of the table at once', async () => {
    const digits = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'));
    const everyThird = digits.filter((_, i) => i % 3 === 0);
    const customersOfRun = everyThird.map((digit) => ({
      customer: pseudonym(digit),
      cluster: 0,
      orders: 1,
      revenue: 1,
    }));
    await goLive({ ...run, customers: customersOfRun, prospects: [] });
    const deps = { rows: stores.rows, pseudonymOf: pseudonym, liveRun: freshPointer };
    const { data, notFound } = await batchGetCustomerSegments({ body: { customerIds: digits } }, deps);
    expect(data.map(({ customerId }) => customerId)).toEqual(everyThird);
    expect(notFound).toEqual(digits.filter((_, i) => i % 3 !== 0));
  });

  test('are those of the live run, however many runs have rows of them', async () => {
    const previousRunId = await goLive(run);
    const moved = customers.map((one) => ({ ...one, cluster: 1 }));
    await goLive({ ...run, runSeq: 2, previousRunId, customers: moved });
    const { runId, data } = await batch(['C0', 'C3']);
    expect(runId).toBe('run-000002');
    expect(data.map(({ segment }) => segment.id)).toEqual(['seg-2', 'seg-2']);
  });

  test('are 404 before the first run is live', async () => {
    await expect(batch(['C0'])).rejects.toMatchObject({ status: 404, title: 'No live run' });
  });
});

test('the live pointer is kept for five seconds and no longer', async () => {
  let nowMs = 1_000_000;
  const liveRun = liveRunReader(stores.registry, () => nowMs);
  const previousRunId = await goLive(run);
  expect((await liveRun()).runSeq).toBe(1);
  const moved = customers.map((one) => ({ ...one, cluster: 1 }));
  await goLive({ ...run, runSeq: 2, previousRunId, customers: moved });
  nowMs += 4999;
  expect((await lookUp('C0', liveRun)).segment.id).toBe('seg-1');
  nowMs += 1;
  expect((await lookUp('C0', liveRun)).segment.id).toBe('seg-2');
});

describe("a segment's members", () => {
  test("are listed page by page under the shop's ids, everybody once, across partitions", async () => {
    const runId = await goLive(run);
    await putIdentities();
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await members({ segmentId: 'seg-1', limit: 4, ...(cursor ? { cursor } : {}) });
      expect(page).toMatchObject({ runId, segmentId: 'seg-1', customers: 6 });
      listed.push(...page.data.map(({ customerId }) => customerId));
      cursor = page.cursor.next ?? undefined;
      expect(page.cursor.has_more).toBe(cursor !== undefined);
    } while (cursor);
    expect(listed).toEqual(['C0', 'C1', 'C2', 'C4', 'C5', 'C6']);
  });

  test('include the prospects, under their own name', async () => {
    await goLive(run);
    await putIdentities();
    expect((await members({ segmentId: 'prospects', limit: 10 })).data).toEqual([
      { customerId: 'P0', confidence: null },
    ]);
  });

  test('of a cursor stay those of its run, and say so, when another run goes live', async () => {
    const first = await goLive(run);
    await putIdentities();
    const page = await members({ segmentId: 'seg-1', limit: 4 });
    const everybodyMoved = customers.map((one) => ({ ...one, cluster: 1 }));
    const second = await goLive({ ...run, runSeq: 2, previousRunId: first, customers: everybodyMoved });
    const rest = await members({ segmentId: 'seg-1', limit: 4, cursor: page.cursor.next ?? '' });
    expect(rest).toMatchObject({ runId: first, modelVersion: 'model-of-run-000001' });
    expect(rest.data.map(({ customerId }) => customerId)).toEqual(['C5', 'C6']);
    expect(await members({ segmentId: 'seg-2', limit: 1 })).toMatchObject({ runId: second, customers: 7 });
  });

  test.each([
    ['not base64', '%%%'],
    ['not JSON', Buffer.from('nonsense').toString('base64url')],
    ['of another form', Buffer.from('{"runId":"run-1","offset":-1}').toString('base64url')],
    ['a path out of the runs', Buffer.from('{"runId":"../lake","offset":0}').toString('base64url')],
  ])('with a cursor that is %s are 400', async (_, cursor) => {
    await goLive(run);
    await expect(members({ segmentId: 'seg-1', limit: 4, cursor })).rejects.toMatchObject({ status: 400 });
  });

  test('of a segment that the run does not have are 404', async () => {
    await goLive(run);
    await expect(members({ segmentId: 'seg-9', limit: 4 })).rejects.toMatchObject({ status: 404 });
  });
});

describe('segments', () => {
  test('are those of the live run, larger ones first, then by id', async () => {
    await goLive(run);
    const cards = ['seg-10', 'seg-3', 'seg-4'].map((id, i) => ({ ...plantedCard(id, id), customers: i === 2 ? 9 : 5 }));
    await stores.registry.putSegments('run-000001', cards);
    const { data, runId } = await listSegments({}, { ...stores, liveRun: freshPointer });
    expect(runId).toBe('run-000001');
    expect(data.map(({ segmentId }) => segmentId)).toEqual(['seg-4', 'seg-10', 'seg-3', 'seg-1', 'seg-2']);
  });

  test('are found one by one, and 404 where the live run has none of the id', async () => {
    await goLive(run);
    const get = (segmentId: string) => getSegment({ segmentId }, { ...stores, liveRun: freshPointer });
    expect((await get('seg-2')).segment.name).toBe('Gift buyers');
    await expect(get('seg-7')).rejects.toMatchObject({ status: 404 });
  });
});

describe('runs', () => {
  test('are listed newest first, page by page', async () => {
    for (let runSeq = 1; runSeq <= 3; runSeq += 1) await plantRun(stores, { ...run, runSeq });
    const first = await listRuns({ limit: 2, cursor: undefined }, stores);
    expect(first.data.map(({ runId }) => runId)).toEqual(['run-000003', 'run-000002']);
    const second = await listRuns({ limit: 2, cursor: first.cursor.next ?? '' }, stores);
    expect(second.data.map(({ runId }) => runId)).toEqual(['run-000001']);
    expect(second.cursor).toEqual({ next: null, has_more: false, limit: 2 });
    await expect(listRuns({ limit: 2, cursor: 'run-2' }, stores)).rejects.toMatchObject({ status: 400 });
  });

  test('tell their stages summed over the partitions', async () => {
    const runId = await plantRun(stores, run);
    for (const partition of [0, 1]) {
      await stores.registry.putStage(runId, { stage: 'build-features', partition, rows: 3 + partition, tookMs: 10 });
    }
    await stores.registry.putStage(runId, { stage: 'build-features', partition: 1, rows: 4, tookMs: 20 }); // a retry
    const answer = await getRun({ runId }, stores);
    expect(answer.stages).toEqual([{ stage: 'build-features', partitions: 2, rows: 7, tookMs: 30 }]);
    await expect(getRun({ runId: 'run-000099' }, stores)).rejects.toMatchObject({ status: 404 });
  });

  test('opened twice by one execution are one run', async () => {
    const record = { trigger: 'manual', executionName: 'e-1', startedAt: new Date(stores.nowMs()).toISOString() };
    const [a, b] = await Promise.all([stores.registry.openRun('e-1', record), stores.registry.openRun('e-1', record)]);
    expect(a.runId).toBe(b.runId);
    expect((await stores.registry.openRun('e-1', record)).runId).toBe(a.runId);
  });
});
