import { createHash, randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { startRunAnswer, startRunInput } from '../../contracts/api.ts';
import { Executions } from '../../storage/executions.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { RunLease } from '../../storage/run-lease.ts';
import { ApiProblem } from '../wiring/api-problem.ts';
import { routeFunction } from '../wiring/route-function.ts';

/**
 * Starts a run now. The execution is named after the idempotency key, so that a request that comes again finds what the first one
 * started, however far that one came: neither Step Functions nor the registry makes a second one of the name.
 */

interface Deps {
  readonly registry: RegistryTable;
  readonly executions: Executions;
  readonly lease: RunLease;
  readonly stateMachineArn: string;
  readonly nowMs: () => number;
  readonly uuid: () => string;
}

export async function startRun(
  { body: options = {}, idempotencyKey }: z.infer<typeof startRunInput>,
  { registry, executions, lease, stateMachineArn, nowMs, uuid }: Deps,
): Promise<z.infer<typeof startRunAnswer>> {
  const executionName = `api-${idempotencyKey === undefined ? uuid() : sha256(idempotencyKey).slice(0, 32)}`;
  if (idempotencyKey !== undefined) {
    const request = sha256(JSON.stringify(options));
    if ((await registry.claimRequest(executionName, request)) !== request) {
      throw new ApiProblem(
        422,
        'Idempotency key used before',
        'Idempotency-Key: a request with another body was sent with this key; use a new key for a new request',
      );
    }
    const runId = await registry.findRunIdOf(executionName);
    if (runId !== undefined) return { runId, executionName };
  }
  const start = await lease.start(executions, stateMachineArn, executionName, { trigger: 'api', options });
  if (start.outcome === 'refused') {
    const runId = await registry.findRunIdOf(start.executionName);
    throw new ApiProblem(
      409,
      'A run is in progress',
      `${runId ?? 'A run'} (execution ${start.executionName}) is in progress; one run goes on at a time. Try again once it has ended.`,
    );
  }
  const startedAt = new Date(nowMs()).toISOString();
  const { runId } = await registry.announceRun(executionName, {
    trigger: 'api',
    executionName,
    startedAt,
    ...(Object.keys(options).length > 0 && { options }),
  });
  return { runId, executionName };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export const handler = routeFunction({
  name: 'start-run',
  input: startRunInput,
  takesIdempotencyKey: true,
  output: startRunAnswer,
  createDeps: (environment) => {
    const registry = new RegistryTable(environment.REGISTRY_TABLE);
    const executions = new Executions();
    return {
      registry,
      executions,
      lease: new RunLease(registry, (executionArn) => executions.stateOf(executionArn), Date.now),
      stateMachineArn: environment.RUN_STATE_MACHINE_ARN,
      nowMs: Date.now,
      uuid: randomUUID,
    };
  },
  step: startRun,
  status: 202,
  locationOf: ({ runId }) => `/runs/${runId}`,
});
