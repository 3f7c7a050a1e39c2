import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ImportCommit } from '../../contracts/imports.ts';
import { type RunOptions, type RunPlan, runPlanSchema } from '../../contracts/runs.ts';
import { readCommits } from '../../storage/committed-files.ts';
import { readMatrixCommit } from '../../storage/committed-matrices.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { NothingToSegmentError } from './nothing-to-segment-error.ts';

/** Freezes the run's input: which committed files, which options, as of when. Everything after is a function of this plan. */

const inputSchema = z.object({ runId: z.string() });
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
  readonly options: RunOptions;
  readonly partitions: number;
}

const encoderOf = { en: 'all-MiniLM-L6-v2', zh: 'bge-small-zh-v1.5' } as const;

export async function planRun({ runId }: Input, deps: Deps): Promise<{ rows: number; files: number }> {
  const { objects, registry, partitions } = deps;
  const [commits, live, run] = await Promise.all([readCommits(objects), registry.findLive(), registry.findRun(runId)]);
  if (!run) throw new NothingToSegmentError(`${runId} is not in the registry: start runs through the state machine`);
  const options: RunOptions = { ...deps.options, ...run.options };
  const imports = importsInForce(commits);
  const matrix = run.matrixId === undefined ? undefined : await readMatrixCommit(objects, run.matrixId);
  const interactions = imports.filter(({ kind, parts }) => kind === 'interactions' && parts.interactions.length > 0);
  if (interactions.length === 0 && !matrix) {
    throw new NothingToSegmentError(
      `of ${commits.length} files taken in, none holds accepted interactions (sales, orders, reviews); ` +
        'drop one under inbox/, or read reports/ to see why rows were rejected',
    );
  }
  const han = sum(imports, ({ scripts }) => scripts.han);
  const latin = sum(imports, ({ scripts }) => scripts.latin);
  const language = han > latin ? 'zh' : 'en';
  const plan: RunPlan = {
    runId,
    runSeq: run.runSeq,
    startedAt: run.startedAt,
    manifestSha256: createHash('sha256')
      .update(
        JSON.stringify([
          options,
          imports.map(({ objectKey, sha256 }) => [objectKey, sha256]),
          ...(matrix ? [matrix.sha256] : []),
        ]),
      )
      .digest('hex'),
    options,
    model: options.model === 'auto' ? encoderOf[language] : options.model,
    language,
    asOfMs:
      interactions.length > 0
        ? Math.max(...interactions.map(({ lastAtMs }) => lastAtMs ?? 0))
        : (matrix?.modifiedAtMs ?? 0),
    partitions,
    imports: imports.map(({ importId, objectKey, kind, modifiedAtMs }) => ({
      importId,
      objectKey,
      kind: kind ?? 'interactions',
      modifiedAtMs,
    })),
    customerParts: byPartition(imports, partitions, ({ parts }) => parts.customers),
    interactionParts: byPartition(imports, partitions, ({ parts }) => parts.interactions),
    itemParts: imports.flatMap(({ parts }) => parts.items.map(({ key }) => key)),
    textParts: imports.flatMap(({ parts }) => parts.texts.map(({ key }) => key)),
    ...(matrix
      ? {
          matrix: {
            matrixId: matrix.matrixId,
            objectKey: matrix.objectKey,
            customerParts: matrix.parts.map(({ customersKey }) => customersKey),
            vectorParts: matrix.parts.map(({ vectorsKey }) => vectorsKey),
          },
        }
      : {}),
    ...(live ? { previousRunId: live.runId } : {}),
  };
  await objects.putJson(runKeys(runId).plan, runPlanSchema.parse(plan));
  await objects.putJson(
    runKeys(runId).partitions,
    Array.from({ length: partitions }, (_, partition) => ({ partition })),
  );
  await registry.updateRun(runId, { manifestSha256: plan.manifestSha256, files: imports.length });
  const rows = sum(imports, ({ counts }) => counts.accepted) + (matrix?.counts.accepted ?? 0);
  return { rows, files: imports.length };
}

/**
 * The accepted files that count, oldest first: of each object its newest version, and of equal bytes under several names one.
 */
function importsInForce(commits: readonly ImportCommit[]): ImportCommit[] {
  const accepted = commits.filter(({ status }) => status === 'accepted').sort(byAge);
  const newest = new Map(accepted.map((commit) => [commit.objectKey, commit]));
  const bySha256 = new Map<string, ImportCommit>();
  for (const commit of [...newest.values()].sort(byAge)) {
    if (!bySha256.has(commit.sha256)) bySha256.set(commit.sha256, commit);
  }
  return [...bySha256.values()];
}

/** S3 tells times in whole seconds, so that two versions of an object can be of the same age: the one committed later counts. */
function byAge(a: ImportCommit, b: ImportCommit): number {
  return (
    a.modifiedAtMs - b.modifiedAtMs ||
    compare(a.objectKey, b.objectKey) ||
    compare(a.committedAt, b.committedAt) ||
    compare(a.importId, b.importId)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function byPartition(
  imports: readonly ImportCommit[],
  partitions: number,
  partsOf: (commit: ImportCommit) => readonly { readonly key: string; readonly partition: number }[],
): string[][] {
  const keys: string[][] = Array.from({ length: partitions }, () => []);
  for (const commit of imports) for (const { key, partition } of partsOf(commit)) keys[partition]?.push(key);
  return keys;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

export const handler = stageFunction({
  name: 'plan-run',
  input: inputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    registry: new RegistryTable(environment.REGISTRY_TABLE),
    options: {
      segments: environment.SEGMENTS,
      vectorDims: environment.VECTOR_DIMS,
      model: environment.MODEL,
      minimumAccuracy: environment.MINIMUM_ACCURACY,
      seed: 0,
    },
    partitions: environment.LAKE_PARTITIONS,
  }),
  step: planRun,
});
