import * as z from 'zod';
import { RegistryTable } from '../../storage/registry-table.ts';
import { stageFunction } from '../wiring/state-function.ts';

/** Notes that a run ended without going live: it failed, or its quality held it back. One that failed once it was live stays LIVE. */

const inputSchema = z.object({
  runId: z.string(),
  status: z.enum(['FAILED', 'HELD']),
  error: z.string().optional(),
  reason: z.string(),
});
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly registry: RegistryTable;
  readonly nowMs: () => number;
}

/** Step Functions gives a failed function's error as JSON, cut off where it is long; a person wants its message. */
const lambdaFailureSchema = z.object({ errorMessage: z.string() });

export async function closeRun(input: Input, { registry, nowMs }: Deps): Promise<{ rows: number }> {
  const { runId, status, error, reason } = input;
  const live = await registry.findLive();
  await registry.updateRun(runId, {
    status: live?.runId === runId ? 'LIVE' : status,
    finishedAt: new Date(nowMs()).toISOString(),
    ...(error ? { error } : {}),
    reason: messageIn(reason),
  });
  return { rows: 0 };
}

function messageIn(cause: string): string {
  const failure = lambdaFailureSchema.safeParse(parsed(cause));
  return failure.success ? failure.data.errorMessage : cause;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // not a function's failure: the cause is noted as it is
  }
}

export const handler = stageFunction({
  name: 'close-run',
  input: inputSchema,
  createDeps: (environment) => ({
    registry: new RegistryTable(environment.REGISTRY_TABLE),
    nowMs: Date.now,
  }),
  step: closeRun,
});
