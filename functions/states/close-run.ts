import { z } from 'zod';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { stageFunction } from '../wiring/state-function.ts';

/** Notes that a run ended without going live: it failed, or its quality held it back. */

const inputSchema = z.object({
  runId: z.string(),
  status: z.enum(['FAILED', 'HELD']),
  error: z.string().optional(),
  reason: z.string(),
});
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
  readonly nowMs: () => number;
}

/** Step Functions gives a failed function's error as JSON; a person wants its message. */
const lambdaFailureSchema = z.object({ errorMessage: z.string() });

export async function closeRun(input: Input, { registry, nowMs }: Deps): Promise<{ rows: number }> {
  const { runId, status, error, reason } = input;
  await registry.updateRun(runId, {
    status,
    finishedAt: new Date(nowMs()).toISOString(),
    ...(error ? { error } : {}),
    reason: messageIn(reason),
  });
  return { rows: 0 };
}

function messageIn(cause: string): string {
  if (!cause.startsWith('{')) return cause;
  const failure = lambdaFailureSchema.safeParse(JSON.parse(cause));
  return failure.success ? failure.data.errorMessage : cause;
}

export const handler = stageFunction({
  name: 'close-run',
  input: inputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    registry: new RegistryTable(environment.REGISTRY_TABLE),
    nowMs: Date.now,
  }),
  step: closeRun,
});
