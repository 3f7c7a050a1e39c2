import * as z from 'zod';
import { type RunPlan, runPlanSchema } from '../../contracts/runs.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/object-store.ts';

/** What the state machine hands to a state: the run, and in a Distributed Map the partition. */
export const runInputSchema = z.object({ runId: z.string() });
export type RunInput = z.infer<typeof runInputSchema>;

export const partitionInputSchema = z.object({ runId: z.string(), partition: z.int().nonnegative() });
export type PartitionInput = z.infer<typeof partitionInputSchema>;

export async function readPlan(objects: ObjectStore, runId: string): Promise<RunPlan> {
  return objects.getJson(runKeys(runId).plan, (value) => runPlanSchema.parse(value));
}
