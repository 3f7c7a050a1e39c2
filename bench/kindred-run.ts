import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { getRunAnswer, listMembersAnswer, listSegmentsAnswer, problemSchema } from '../contracts/api.ts';
import { prospectsSegmentId } from '../contracts/customer-rows.ts';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { laptopSettings } from '../local/laptop-settings.ts';
import { inboxPrefix } from '../storage/keys.ts';
import { type StoredUsage, storedUsage } from './cloud-usage.ts';
import type { ShopFiles } from './shop-files.ts';

/** One run of the whole pipeline in a new embedded cloud. */

export interface KindredRun {
  /** Until the cloud stood. */
  readonly cloudStartSeconds: number;
  /** From the first PUT to the first look-up that the HTTP API answered, without the quiet wait. */
  readonly seconds: number;
  /** The wait for more files before the run starts by itself. */
  readonly quietSeconds: number;
  readonly stages: readonly Stage[];
  readonly functions: readonly FunctionTimes[];
  readonly customers: number;
  readonly texts: number;
  /** Of the classifier on held-out customers. */
  readonly accuracy: number;
  /** Segment by the shop's customer id, prospects left out. */
  readonly segments: ReadonlyMap<string, string>;
  /** All that AWS would charge for, from the first PUT to the end of the run. */
  readonly usage: RunUsage;
}

export interface RunUsage {
  readonly functions: readonly FunctionTimes[];
  /** States entered, those of a Distributed Map's items among them. */
  readonly stateTransitions: number;
  /** While the run waited for the model endpoint. */
  readonly modelSeconds: number;
  readonly stored: StoredUsage;
}

export interface Stage {
  readonly name: string;
  /** Seconds after the first PUT. */
  readonly start: number;
  readonly seconds: number;
}

export interface FunctionTimes {
  readonly name: string;
  readonly invocations: number;
  readonly totalSeconds: number;
  readonly longestSeconds: number;
}

/** The pipeline did not come to an answer. */
export class RunUnsuccessfulError extends Error {
  override readonly name = 'RunUnsuccessfulError';
  readonly code = 'RUN_UNSUCCESSFUL';
  readonly retryable = false;
}

interface Transition {
  readonly executionArn: string;
  readonly stateName: string;
  readonly kind: 'entered' | 'exited' | 'failed' | 'items';
  readonly atMs: number;
}

interface FinishedInvocation {
  readonly name: string;
  readonly durationMs: number;
  readonly endMs: number;
  readonly result: unknown;
}

const timeoutMs = 10 * 60_000;
const lookUpPauseMs = 20;
const runId = 'run-000001';
/** States that wait for the model endpoint. */
const modelStages = ['EmbedTexts', 'TrainClassifier'];

export async function runKindred(
  files: ShopFiles,
  settings: Readonly<Record<string, string | number>>,
): Promise<KindredRun> {
  const dataDir = await mkdtemp(join(tmpdir(), 'kindred-bench-'));
  const transitions: Transition[] = [];
  const invocations: FinishedInvocation[] = [];
  const promoted = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  const beginMs = performance.now();
  const cloud = await startCloud({
    dataDir,
    port: 0,
    settings: { ...laptopSettings, ...settings },
    seed: 1,
    log: () => {},
    onProgress: ({ executionArn, stateName, kind }) => {
      transitions.push({ executionArn, stateName, kind, atMs: performance.now() });
      if (stateName === 'Promote' && kind === 'exited') promoted.resolve();
      if (stateName === 'Live' && kind === 'exited') finished.resolve();
      if (stateName === 'RunFailed' || stateName === 'Held') {
        promoted.reject(
          new RunUnsuccessfulError(
            `the run ended in state ${stateName}; start the cloud and drop the files to see why.`,
          ),
        );
      }
    },
    onInvocation: ({ functionName, durationMs, result }) =>
      invocations.push({ name: functionName, durationMs, endMs: performance.now(), result }),
  });
  try {
    await cloud.warm;
    const cloudStartSeconds = (performance.now() - beginMs) / 1000;
    const bodies = await Promise.all(files.paths.map((path) => readFile(path)));
    const putMs = performance.now();
    await drop(cloud, files.paths, bodies);
    await withinTime(promoted.promise, 'no run was promoted');
    const promotedMs = performance.now();
    await lookUp(cloud, files.aCustomerId);
    const answeredMs = performance.now();
    await withinTime(finished.promise, 'the promoted run did not end');

    const timeline = new Timeline(transitions, putMs);
    const quiet = timeline.quietWait();
    const record = await getJson(cloud, `/runs/${runId}`, getRunAnswer);
    const stages = timeline.runStages();
    return {
      cloudStartSeconds,
      seconds: (answeredMs - putMs) / 1000 - quiet.seconds,
      quietSeconds: quiet.seconds,
      stages: [
        { name: 'Ingest (all files)', start: 0, seconds: quiet.start },
        quiet,
        ...stages,
        { name: 'first look-up', start: (promotedMs - putMs) / 1000, seconds: (answeredMs - promotedMs) / 1000 },
      ],
      functions: functionTimes(invocations.filter(({ endMs }) => endMs <= answeredMs)),
      customers: record.customers ?? 0,
      texts: textsOf(invocations),
      accuracy: record.evaluation?.accuracy ?? Number.NaN,
      usage: {
        functions: functionTimes(invocations),
        stateTransitions: transitions.filter(({ kind }) => kind === 'entered').length,
        modelSeconds: stages
          .filter(({ name }) => modelStages.includes(name))
          .reduce((total, { seconds }) => total + seconds, 0),
        stored: await storedUsage(cloud),
      },
      segments: await segmentsById(cloud),
    };
  } finally {
    await cloud.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function drop(cloud: Cloud, paths: readonly string[], bodies: readonly Buffer[]): Promise<void> {
  const s3 = new S3Client(cloud.clientConfig('s3'));
  try {
    await Promise.all(
      paths.map((path, at) =>
        s3.send(
          new PutObjectCommand({
            Bucket: cloud.endpoints.bucket,
            Key: `${inboxPrefix}${basename(path)}`,
            Body: bodies[at]!,
          }),
        ),
      ),
    );
  } finally {
    s3.destroy();
  }
}

async function withinTime(event: Promise<void>, what: string): Promise<void> {
  const giveUp = new AbortController();
  const late = wait(timeoutMs, undefined, { signal: giveUp.signal }).then(() => {
    throw new RunUnsuccessfulError(`${what} within ${timeoutMs / 1000} s of waiting.`);
  });
  late.catch(() => undefined);
  try {
    await Promise.race([event, late]);
  } finally {
    giveUp.abort();
  }
}

/** Asks until the answer is there: functions may remember for a few seconds that nothing was live. */
async function lookUp(cloud: Cloud, customerId: string): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  while (performance.now() < untilMs) {
    const response = await get(cloud, `/customers/${encodeURIComponent(customerId)}/segment`);
    await response.arrayBuffer();
    if (response.status === 200) return;
    await wait(lookUpPauseMs);
  }
  throw new RunUnsuccessfulError(`a look-up was not answered within ${timeoutMs / 1000} s.`);
}

function get(cloud: Cloud, path: string): Promise<Response> {
  return fetch(`${cloud.endpoints.api}${path}`, {
    headers: { authorization: `Bearer ${cloud.endpoints.tokens.reader}` },
  });
}

async function getJson<T>(cloud: Cloud, path: string, schema: z.ZodType<T>): Promise<T> {
  const response = await get(cloud, path);
  const body: unknown = await response.json();
  if (response.status === 200) return schema.parse(body);
  const { title, detail } = problemSchema.parse(body);
  throw new RunUnsuccessfulError(`GET ${path} answered ${response.status}: ${title}; ${detail}`);
}

/** The states that were passed through, in seconds after the first PUT. */
class Timeline {
  readonly #transitions: readonly Transition[];
  readonly #putMs: number;

  constructor(transitions: readonly Transition[], putMs: number) {
    this.#transitions = transitions;
    this.#putMs = putMs;
  }

  /** The quiet wait that started the run is the last one to end before the run begins. */
  quietWait(): Stage {
    const opened = this.#transitions.findIndex(({ stateName }) => stateName === 'OpenRun');
    const ended = this.#transitions
      .slice(0, opened)
      .findLast(({ stateName, kind }) => stateName === 'WaitForQuiet' && kind === 'exited')!;
    return this.#stage('WaitForQuiet', ended.executionArn);
  }

  /** The states of the run itself; those of its parallel branches overlap. */
  runStages(): Stage[] {
    const { executionArn } = this.#transitions.find(({ stateName }) => stateName === 'OpenRun')!;
    const names = this.#transitions
      .filter((one) => one.executionArn === executionArn && one.kind === 'exited')
      .map(({ stateName }) => stateName);
    const stages = [...new Set(names)].map((name) => this.#stage(name, executionArn));
    return stages.toSorted((left, right) => left.start - right.start || right.seconds - left.seconds);
  }

  #stage(name: string, executionArn: string): Stage {
    const own = this.#transitions.filter((one) => one.stateName === name && one.executionArn === executionArn);
    const enteredMs = own.find(({ kind }) => kind === 'entered')!.atMs;
    const exitedMs = own.findLast(({ kind }) => kind === 'exited')!.atMs;
    return { name, start: (enteredMs - this.#putMs) / 1000, seconds: (exitedMs - enteredMs) / 1000 };
  }
}

function functionTimes(invocations: readonly FinishedInvocation[]): FunctionTimes[] {
  const byName = Map.groupBy(invocations, ({ name }) => name);
  const times = [...byName].map(([name, own]) => {
    const seconds = own.map(({ durationMs }) => durationMs / 1000);
    const totalSeconds = seconds.reduce((sum, one) => sum + one, 0);
    return { name, invocations: own.length, totalSeconds, longestSeconds: Math.max(...seconds) };
  });
  return times.toSorted((left, right) => right.totalSeconds - left.totalSeconds);
}

const collectedTexts = z.object({ texts: z.int() });

function textsOf(invocations: readonly FinishedInvocation[]): number {
  return collectedTexts.parse(invocations.find(({ name }) => name === 'collect-texts')?.result).texts;
}

/** The segment of each customer by the shop's own id, prospects left out. */
async function segmentsById(cloud: Cloud): Promise<Map<string, string>> {
  const { data } = await getJson(cloud, '/segments', listSegmentsAnswer);
  const segments = new Map<string, string>();
  for (const { segmentId } of data.filter((one) => one.segmentId !== prospectsSegmentId)) {
    let next: string | null = '';
    while (next !== null) {
      const query = new URLSearchParams({ limit: '100', ...(next === '' ? {} : { cursor: next }) });
      const page: z.infer<typeof listMembersAnswer> = await getJson(
        cloud,
        `/segments/${segmentId}/members?${query}`,
        listMembersAnswer,
      );
      for (const { customerId } of page.data) segments.set(customerId, segmentId);
      next = page.cursor.next;
    }
  }
  return segments;
}
