import * as z from 'zod';
import { listRunsAnswer, pageParameters, runSummarySchema } from '../../contracts/api.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { decodeCursor, encodeCursor } from '../wiring/page-cursor.ts';
import { routeFunction } from '../wiring/route-function.ts';

/** All runs, newest first. */

interface Deps {
  readonly registry: RegistryTable;
}

const cursorSchema = z.strictObject({ before: z.int().positive() });

export async function listRuns(
  { limit, cursor }: z.infer<typeof pageParameters>,
  { registry }: Deps,
): Promise<z.infer<typeof listRunsAnswer>> {
  const runs = await registry.listRuns({ limit, ...(cursor ? decodeCursor(cursor, cursorSchema) : {}) });
  const last = runs.at(-1);
  const hasMore = runs.length === limit && last !== undefined && last.runSeq > 1;
  return {
    data: runs.map((run) => runSummarySchema.strip().parse(run)),
    cursor: { next: hasMore ? encodeCursor({ before: last.runSeq }) : null, has_more: hasMore, limit },
  };
}

export const handler = routeFunction({
  name: 'list-runs',
  input: pageParameters,
  output: listRunsAnswer,
  createDeps: (environment) => ({ registry: new RegistryTable(environment.REGISTRY_TABLE) }),
  step: listRuns,
});
