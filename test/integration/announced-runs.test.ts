import { afterEach, beforeEach, expect, test } from 'vitest';
import { announceRun } from '../../functions/states/announce-run.ts';
import { promoteRun } from '../../functions/states/promote-run.ts';
import { publishRows } from '../../functions/states/publish-rows.ts';
import { startJsonService } from '../../local/aws-json-server.ts';
import type { Listening } from '../../local/listening.ts';
import { EventBus } from '../../storage/event-bus.ts';
import { credentials, type EmbeddedStores, region, startEmbeddedStores } from '../harness/embedded-stores.ts';
import { type PlantedRun, plantedPartitions, plantRun, pseudonym } from '../harness/planted-run.ts';

/** Who moved where, told in S3 and on the bus; the bus is an EventBridge endpoint on loopback that keeps what it is sent. */

let stores: EmbeddedStores;
let bus: Listening;
let sent: { readonly Source: string; readonly DetailType: string; readonly Detail: string }[];
let answer: object;
let events: EventBus;
beforeEach(async () => {
  stores = await startEmbeddedStores(plantedPartitions);
  sent = [];
  answer = { FailedEntryCount: 0, Entries: [{ EventId: '1' }] };
  bus = await startJsonService(
    {
      target: 'AWSEvents',
      signingName: 'events',
      operations: {
        PutEvents: ({ Entries }) => {
          sent.push(...(Entries as typeof sent));
          return answer;
        },
      },
      maxBodyBytes: 300_000,
      lookupSecret: () => credentials,
      principalOf: () => 'arn:role',
      clock: Date.now,
    },
    0,
  );
  events = new EventBus({ region, credentials, endpoint: bus.url });
});
afterEach(async () => {
  events.close();
  await Promise.all([stores.close(), bus.close()]);
});

const segments = [
  { segmentId: 'seg-1', name: 'Regulars' },
  { segmentId: 'seg-2', name: 'Gift buyers' },
];
const [stays, moves, starts, leaves] = ['1a', '2b', '9c', 'fd'].map(pseudonym) as [string, string, string, string];
const inCluster = (customer: string, cluster: number) => ({ customer, cluster, orders: 1, revenue: 1 });

async function announced(run: PlantedRun): Promise<string> {
  const runId = await plantRun(stores, run);
  for (let partition = 0; partition < plantedPartitions; partition += 1)
    await publishRows({ runId, partition }, stores);
  await promoteRun({ runId }, stores);
  await announceRun({ runId }, { objects: stores.objects, events });
  return runId;
}

async function changesOf(runId: string): Promise<string[]> {
  const bytes = await stores.objects.get(`exports/${runId}/membership-changes.jsonl`);
  return Buffer.from(bytes).toString().trimEnd().split('\n').sort();
}

const firstRun: PlantedRun = {
  runSeq: 1,
  segments,
  customers: [inCluster(stays, 0), inCluster(moves, 0), inCluster(leaves, 1)],
  prospects: [starts],
};
const secondRun: PlantedRun = {
  runSeq: 2,
  segments,
  customers: [inCluster(stays, 0), inCluster(moves, 1), inCluster(starts, 1)],
};

test('the first run tells that everybody entered; prospects are in no segment', async () => {
  const runId = await announced(firstRun);
  expect(sent.map(({ Source, DetailType, Detail }) => ({ Source, DetailType, ...JSON.parse(Detail) }))).toEqual([
    {
      Source: 'kindred',
      DetailType: 'Segments Promoted',
      runId,
      previousRunId: null,
      entered: 3,
      exited: 0,
      changes: `s3://data/exports/${runId}/membership-changes.jsonl`,
    },
  ]);
  expect((await changesOf(runId)).map((line) => JSON.parse(line))).toContainEqual({
    customer: starts,
    from: null,
    to: 'prospects',
  });
});

test('a later run tells of those alone whose segment changed', async () => {
  const previousRunId = await announced(firstRun);
  const runId = await announced({ ...secondRun, previousRunId });
  expect((await changesOf(runId)).map((line) => JSON.parse(line))).toEqual([
    { customer: moves, from: 'seg-1', to: 'seg-2' },
    { customer: starts, from: 'prospects', to: 'seg-2' },
    { customer: leaves, from: 'seg-2', to: null },
  ]);
  // Two entered seg-2; one left seg-1 and one seg-2. A prospect leaves no segment.
  expect(JSON.parse(sent[1]?.Detail ?? '')).toMatchObject({ previousRunId, entered: 2, exited: 2 });
});

test('done twice it tells the same', async () => {
  const runId = await announced(firstRun);
  const [once, changes] = [sent.at(-1), await changesOf(runId)];
  await announceRun({ runId }, { objects: stores.objects, events });
  expect(sent.at(-1)).toEqual(once);
  expect(await changesOf(runId)).toEqual(changes);
});

test('an entry that the bus does not take is an error that may pass', async () => {
  answer = { FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'later' }] };
  await expect(announced(firstRun)).rejects.toMatchObject({ name: 'StorageUnavailableError', retryable: true });
});
