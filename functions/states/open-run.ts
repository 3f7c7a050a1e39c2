import * as z from 'zod';
import { listUncommitted } from '../../storage/committed-files.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { stateFunction } from '../wiring/state-function.ts';

/** Gives the run its number and lists the dropped files that no commit stands for. */

const inputSchema = z.object({
  executionName: z.string(),
  executionArn: z.string(),
  startedAt: z.iso.datetime(),
  trigger: z.string(),
});
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
}

interface Result {
  readonly rows: number;
  readonly runId: string;
  readonly runSeq: number;
  readonly missedFiles: number;
}

export async function openRun(input: Input, { objects, registry }: Deps): Promise<Result> {
  const { executionName, startedAt, trigger } = input;
  const run = await registry.openRun(executionName, { trigger, executionName, startedAt });
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
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    registry: new RegistryTable(environment.REGISTRY_TABLE),
  }),
  step: openRun,
});
