import { assignmentsSchema } from '../../storage/assignments.ts';
import { CustomerRowsTable } from '../../storage/customer-rows-table.ts';
import { NotStoredError } from '../../storage/errors.ts';
import { runIdOf, runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { type RunInput, readPlan, runInputSchema } from './run-input.ts';

/**
 * Deletes the rows of runs that came after the live one and did not go live themselves. A look-up takes the newest row up to the
 * live run, so such rows would come to light the moment that a later run is promoted.
 */

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
  readonly rows: CustomerRowsTable;
}

export async function discardRows({ runId }: RunInput, { objects, registry, rows }: Deps): Promise<{ rows: number }> {
  const plan = await readPlan(objects, runId);
  const live = await registry.findLive();
  let deleted = 0;
  for (let runSeq = (live?.runSeq ?? 0) + 1; runSeq < plan.runSeq; runSeq += 1) {
    const stale = runKeys(runIdOf(runSeq));
    for (let partition = 0; partition < plan.partitions; partition += 1) {
      const written = await writtenBy(objects, stale.assignments(partition));
      await rows.deleteAll(written, runSeq);
      deleted += written.length;
    }
  }
  return { rows: deleted };
}

/** None where the run failed before it published this partition. */
async function writtenBy(objects: ObjectStore, key: string): Promise<readonly string[]> {
  try {
    return (await objects.getJson(key, (value) => assignmentsSchema.parse(value))).written;
  } catch (error) {
    if (error instanceof NotStoredError) return [];
    throw error;
  }
}

export const handler = stageFunction({
  name: 'discard-rows',
  input: runInputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    registry: new RegistryTable(environment.REGISTRY_TABLE),
    rows: new CustomerRowsTable(environment.CUSTOMERS_TABLE),
  }),
  step: discardRows,
});
