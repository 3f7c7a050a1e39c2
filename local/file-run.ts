import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { z } from 'zod';
import type { getRunAnswer } from '../contracts/api.ts';
import { type ImportReport, importReportSchema } from '../contracts/imports.ts';
import { type RunPlan, runPlanSchema } from '../contracts/runs.ts';
import type { Settings } from '../contracts/settings.ts';
import { ApiClient } from './api-client.ts';
import { type Cloud, type CloudOptions, startCloud } from './cloud.ts';
import { type Stage, StageBoard } from './stage-board.ts';
import type { ProgressEvent } from './states/ports.ts';

/** Files in, a finished run out: what `npm run demo` and `npm run segment` have in common. */

export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
  readonly code = 'UNREADABLE_FILE';
  readonly retryable = false;
}

export interface FileRunOptions {
  readonly files: readonly string[];
  readonly dataDir: string;
  readonly settings: Readonly<Partial<Settings>>;
  /** The same seed gives the same pseudonyms, and so the same assignments to the byte. */
  readonly seed: number;
  readonly log: (line: string) => void;
  readonly onAuthorization?: CloudOptions['onAuthorization'];
  readonly onCloudUp: (cloud: Cloud) => void;
  readonly onStages: (stages: readonly Stage[]) => (stage: Stage) => void;
}

export interface FileRun {
  readonly cloud: Cloud;
  readonly api: ApiClient;
  readonly run: z.infer<typeof getRunAnswer>;
  readonly reports: readonly ImportReport[];
  /** From the first PUT to the end of the run, the quiet wait included. */
  readonly tookMs: number;
}

/** Starts a cloud, drops the files into its bucket and waits for a run that has seen them all. The caller closes the cloud. */
export async function runFiles(options: FileRunOptions): Promise<FileRun> {
  const drops = await namedDrops(options.files);
  const nowMs = () => performance.now();
  let changed: (stage: Stage) => void = () => {};
  const board = new StageBoard(drops.length, nowMs, (stage) => changed(stage));
  changed = options.onStages(board.stages);
  const ends = new RunEnds();
  const cloud = await startCloud({
    dataDir: options.dataDir,
    port: 0,
    settings: options.settings,
    seed: options.seed,
    log: options.log,
    ...(options.onAuthorization && { onAuthorization: options.onAuthorization }),
    onProgress: (event) => {
      board.progressed(event);
      ends.progressed(event);
    },
    onInvocation: (invocation) => board.invoked(invocation),
  });
  try {
    await cloud.warm;
    options.onCloudUp(cloud);
    const s3 = new S3Client(cloud.clientConfig('s3'));
    const bucket = cloud.endpoints.bucket;
    const startedAtMs = nowMs();
    board.filesDropped();
    await Promise.all(
      drops.map(({ path, key, sizeBytes }) =>
        s3.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: createReadStream(path), ContentLength: sizeBytes }),
        ),
      ),
    );
    const api = new ApiClient(cloud.endpoints);
    for (;;) {
      await ends.next();
      const [run] = await api.runs();
      if (!run) throw new Error('a run ended that the registry does not list');
      const reports = await readReports(s3, bucket);
      const plan = await readPlan(s3, bucket, run.runId);
      const seen = new Set([
        ...(plan?.imports.map(({ objectKey }) => objectKey) ?? []),
        ...reports.filter(({ status }) => status === 'rejected').map(({ file }) => file),
      ]);
      const isWhole =
        drops.every(({ key }) => seen.has(key)) || (run.status === 'FAILED' && reports.length >= drops.length);
      if (isWhole) {
        return { cloud, api, run: await api.run(run.runId), reports, tookMs: nowMs() - startedAtMs };
      }
    }
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

/** The ends of segment runs, to be awaited one after the other. */
class RunEnds {
  #ended = 0;
  #taken = 0;
  #waiting: (() => void) | undefined;

  progressed({ stateName, kind }: ProgressEvent): void {
    const isEnd = (stateName === 'Live' || stateName === 'Held') && kind === 'exited';
    if (!isEnd && !(stateName === 'RunFailed' && kind === 'failed')) return;
    this.#ended += 1;
    this.#waiting?.();
  }

  async next(): Promise<void> {
    if (this.#ended === this.#taken) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    this.#taken += 1;
  }
}

/** @throws UnreadableFileError where there is no file of this path. */
export async function fileStatus(path: string): Promise<Stats> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new UnreadableFileError(`${path} cannot be read: name files that exist`, { cause });
  });
  if (!found.isFile()) throw new UnreadableFileError(`${path} is not a file: name files, not folders`);
  return found;
}

async function namedDrops(files: readonly string[]) {
  const drops = await Promise.all(
    files.map(async (path) => {
      const { size } = await fileStatus(path);
      return { path, key: `inbox/${basename(path)}`, sizeBytes: size };
    }),
  );
  const keys = new Set(drops.map(({ key }) => key));
  if (keys.size < drops.length) {
    throw new UnreadableFileError(
      'two of the files have the same name: rename one, a later one would replace the earlier',
    );
  }
  return drops;
}

async function readReports(s3: S3Client, bucket: string): Promise<ImportReport[]> {
  const listing = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'reports/' }));
  const reports = await Promise.all(
    (listing.Contents ?? []).map(async ({ Key }) => importReportSchema.parse(await readJson(s3, bucket, Key ?? ''))),
  );
  return reports.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Undefined where the run failed before it had one. */
async function readPlan(s3: S3Client, bucket: string, runId: string): Promise<RunPlan | undefined> {
  const key = `runs/${runId}/plan.json`;
  const listing = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key }));
  return listing.KeyCount === 0 ? undefined : runPlanSchema.parse(await readJson(s3, bucket, key));
}

async function readJson(s3: S3Client, bucket: string, key: string): Promise<unknown> {
  const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return JSON.parse((await object.Body?.transformToString()) ?? '');
}
