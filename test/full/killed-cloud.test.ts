import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from '../../local/api-client.ts';
import type { Endpoints } from '../../local/endpoints.ts';
import { writeResults } from '../../local/run-results.ts';
import { writeSample } from '../harness/sample-files.ts';

/** The embedded cloud killed over and over during one run: what it publishes in the end is what an unkilled one publishes. */

/** How the processes end, one after the other: at a state of a machine or of its children, killed at once or stopped in order. */
const ENDS: readonly (readonly [point: string, how: 'killed' | 'stopped'])[] = [
  ['WaitForQuiet entered', 'killed'],
  ['OpenRun entered', 'killed'],
  ['Plan entered', 'stopped'],
  ['BuildPartitionFeatures entered', 'killed'],
  ['CollectTexts exited', 'killed'],
  ['EmbedTextBatch entered', 'stopped'],
  ['CacheEmbeddings entered', 'killed'],
  ['BuildPartitionVectors exited', 'killed'],
  ['FitOutputLayer entered', 'killed'],
  ['ProjectPartitionVectors entered', 'killed'],
  ['Cluster entered', 'stopped'],
  ['Cluster exited', 'killed'],
  ['TrainClassifier entered', 'killed'],
  ['TrainClassifier entered', 'stopped'],
  ['Evaluate entered', 'killed'],
  ['PublishPartition exited', 'killed'],
  ['Promote entered', 'killed'],
  ['Announce entered', 'killed'],
];
const HOST_SCRIPT = join(import.meta.dirname, '..', 'harness', 'mortal-cloud.ts');

let folder: string;
let files: readonly string[];
const processes = new Set<ChildProcess>();

interface Life {
  readonly endpoints: Endpoints;
  /** Resolves when the process has passed this point; rejects when it died before. */
  passed(point: string): Promise<void>;
  readonly died: Promise<void>;
  kill(): Promise<void>;
  /** As Ctrl-C does. */
  stop(): Promise<void>;
}

/** On other ports each time: nothing that is kept may hold a URL. */
async function live(dataDir: string, mortalPoint?: string): Promise<Life> {
  const child = fork(HOST_SCRIPT, [dataDir, ...(mortalPoint === undefined ? [] : [mortalPoint])]);
  processes.add(child);
  const up = Promise.withResolvers<Endpoints>();
  const seen = new Set<string>();
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  child.on('message', (message: { up?: Endpoints; point?: string }) => {
    if (message.up) up.resolve(message.up);
    if (message.point) {
      seen.add(message.point);
      waiting.get(message.point)?.resolve();
    }
  });
  const died = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  void died.then(() => {
    processes.delete(child);
    const error = new Error('The cloud has died.');
    up.reject(error);
    for (const one of waiting.values()) one.reject(error);
  });
  const passed = (point: string): Promise<void> => {
    if (seen.has(point)) return Promise.resolve();
    const one = waiting.get(point) ?? Promise.withResolvers<void>();
    waiting.set(point, one);
    return one.promise;
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await died;
  };
  const stop = async () => {
    child.disconnect();
    await died;
  };
  // A process that was to die may have done so before it was up.
  const endpoints = await up.promise.catch((error: unknown) => {
    if (mortalPoint === undefined) throw error;
    return undefined;
  });
  return { endpoints: endpoints as Endpoints, passed, died, kill, stop };
}

async function drop({ endpoints }: Life): Promise<void> {
  const { s3, region, accessKeyId, secretAccessKey, bucket } = endpoints;
  const client = new S3Client({ endpoint: s3, region, credentials: { accessKeyId, secretAccessKey } });
  await Promise.all(
    files.map(async (path) =>
      client.send(new PutObjectCommand({ Bucket: bucket, Key: `inbox/${basename(path)}`, Body: await readFile(path) })),
    ),
  );
  client.destroy();
}

async function published({ endpoints }: Life, outDir: string): Promise<string> {
  const api = new ApiClient(endpoints);
  const [latest] = await api.runs();
  const run = await api.run(latest!.runId);
  expect(run).toMatchObject({ runId: 'run-000001', status: 'LIVE' });
  await writeResults(outDir, { api, run, reports: [] });
  return readFile(join(outDir, 'assignments.csv'), 'utf8');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindred-killed-'));
  files = await writeSample(folder, 400);
});

afterAll(async () => {
  for (const child of processes) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

test('a run that is killed at every turn publishes the same assignments to the byte', async () => {
  const unkilled = await live(join(folder, 'unkilled'));
  await drop(unkilled);
  await unkilled.passed('Live exited');
  const expected = await published(unkilled, join(folder, 'expected'));
  await unkilled.kill();

  const dataDir = join(folder, 'killed');
  // The first dies as soon as the files are accepted: nothing may have become of them yet.
  const first = await live(dataDir);
  await drop(first);
  await first.kill();
  for (const [point, how] of ENDS) {
    const mortal = await live(dataDir, how === 'killed' ? point : undefined);
    if (how === 'stopped') await mortal.passed(point).then(mortal.stop);
    await mortal.died;
  }
  const last = await live(dataDir);
  await last.passed('Live exited');
  expect(await published(last, join(folder, 'actual'))).toBe(expected);
  await last.kill();
});
