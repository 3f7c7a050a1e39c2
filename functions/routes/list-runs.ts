import type * as z from 'zod';
import { listRunsAnswer, pageParameters, runSummarySchema } from '../../contracts/api.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { ApiProblem } from '../wiring/api-problem.ts';
import { routeFunction } from '../wiring/route-function.ts';

/** All runs, newest first. */

interface Deps {
  readonly registry: RegistryTable;
}

export async function listRuns(
  { limit, cursor }: z.infer<typeof pageParameters>,
  { registry }: Deps,
): Promise<z.infer<typeof listRunsAnswer>> {
  if (cursor !== undefined && !/^\d+$/.test(cursor)) {
    throw new ApiProblem(400, 'Bad cursor', 'cursor: pass on cursor.next of the page before, unchanged');
  }
  const runs = await registry.listRuns({ limit, ...(cursor ? { before: Number(cursor) } : {}) });
  const last = runs.at(-1);
  const hasMore = runs.length === limit && last !== undefined && last.runSeq > 1;
  return {
    data: runs.map((run) => runSummarySchema.strip().parse(run)),
    cursor: { next: hasMore ? String(last.runSeq) : null, has_more: hasMore, limit },
  };
}

export const handler = routeFunction({
  name: 'list-runs',
  input: pageParameters,
  output: listRunsAnswer,
  createDeps: (environment) => ({ registry: new RegistryTable(environment.REGISTRY_TABLE) }),
  step: listRuns,
});
