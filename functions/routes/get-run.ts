import type * as z from 'zod';
import { getRunAnswer, runIdParameter } from '../../contracts/api.ts';
import type { StageRecord } from '../../contracts/registry.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { ApiProblem } from '../wiring/api-problem.ts';
import { routeFunction } from '../wiring/route-function.ts';

/** One run: how far it is or how it ended, its quality, and what each stage worked through. */

interface Deps {
  readonly registry: RegistryTable;
}

export async function getRun(
  { runId }: z.infer<typeof runIdParameter>,
  { registry }: Deps,
): Promise<z.infer<typeof getRunAnswer>> {
  const [run, stages] = await Promise.all([registry.findRun(runId), registry.listStages(runId)]);
  if (!run) throw new ApiProblem(404, 'Unknown run', 'There is no run of this id; GET /runs lists them.');
  return { ...run, stages: summed(stages) };
}

/** A stage over many partitions as one line, in order of name. */
function summed(stages: readonly StageRecord[]): z.infer<typeof getRunAnswer>['stages'] {
  const byStage = new Map<string, { stage: string; partitions: number; rows: number; tookMs: number }>();
  for (const { stage, rows, tookMs } of stages) {
    const total = byStage.get(stage) ?? { stage, partitions: 0, rows: 0, tookMs: 0 };
    total.partitions += 1;
    total.rows += rows;
    total.tookMs += tookMs;
    byStage.set(stage, total);
  }
  return [...byStage.values()];
}

export const handler = routeFunction({
  name: 'get-run',
  input: runIdParameter,
  output: getRunAnswer,
  createDeps: (environment) => ({ registry: new RegistryTable(environment.REGISTRY_TABLE) }),
  step: getRun,
});
