import * as z from 'zod';
import { requestedOptionsSchema } from '../../contracts/runs.ts';
import { listUncommitted } from '../../storage/committed-files.ts';
import { Executions } from '../../storage/executions.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { RunLease } from '../../storage/run-lease.ts';
import { stateFunction } from '../wiring/state-function.ts';

/** Sees to it that no other run is in progress, gives the run its number and lists the dropped files that no commit stands for. */

const inputSchema = z.object({
  executionName: z.string(),
  executionArn: z.string(),
  startedAt: z.iso.datetime(),
  trigger: z.string(),
  options: requestedOptionsSchema.default({}),
  /** The matrix to cluster; none, or empty, where the run is over the lake. */
  matrixId: z.string().optional(),
});
type Input = z.input<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
  readonly lease: RunLease;
}

interface Result {
  readonly rows: number;
  readonly runId: string;
  readonly runSeq: number;
  readonly missedFiles: number;
}

/** Two runs at a time would overwrite each other's rows. The first goes on. */
class RunInProgressError extends Error {
  override readonly name = 'RunInProgressError';
  readonly code = 'RUN_IN_PROGRESS';
  readonly retryable = false;
}

export async function openRun(input: Input, { objects, registry, lease }: Deps): Promise<Result> {
  const { executionName, executionArn, startedAt, trigger, options, matrixId } = input;
  const holder = await lease.take(executionArn);
  if (holder !== undefined) {
    const runId = await registry.findRunIdOf(holder);
    throw new RunInProgressError(
      `${runId ?? 'another run'} (execution ${holder}) is in progress; start this one again once it has ended`,
    );
  }
  const run = await registry.openRun(executionName, {
    trigger,
    executionName,
    startedAt,
    ...(options && Object.keys(options).length > 0 && { options }),
    ...(matrixId ? { matrixId } : {}),
  });
  const missed = await listUncommitted(objects);
  await objects.putJson(
    runKeys(run.runId).missedFiles,
    missed.map(({ key }) => ({ objectKey: key })),
  );
  return { rows: missed.length, runId: run.runId, runSeq: run.runSeq, missedFiles: missed.length };
}

export const handler = stateFunction({
  name: 'open-run',
  input: inputSchema,
  createDeps: (environment) => {
    const registry = new RegistryTable(environment.REGISTRY_TABLE);
    const executions = new Executions();
    return {
      objects: new ObjectStore(environment.BUCKET_NAME),
      registry,
      lease: new RunLease(registry, (executionArn) => executions.stateOf(executionArn), Date.now),
    };
  },
  step: openRun,
});
