import { prospectsSegmentId } from '../../contracts/customer-rows.ts';
import { assignmentsSchema } from '../../storage/assignments.ts';
import { EventBus } from '../../storage/event-bus.ts';
import { exportKeys, runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { type RunInput, readPlan, runInputSchema } from './run-input.ts';

/** Tells the world what changed: a list of who moved where in S3, and one event that names it. */

interface Deps {
  readonly objects: ObjectStore;
  readonly events: EventBus;
}

export async function announceRun({ runId }: RunInput, { objects, events }: Deps): Promise<{ rows: number }> {
  const plan = await readPlan(objects, runId);
  const lines: string[] = [];
  let entered = 0;
  let exited = 0;
  for (let partition = 0; partition < plan.partitions; partition += 1) {
    const now = await segmentsByCustomer(objects, runId, partition);
    const before = plan.previousRunId
      ? await segmentsByCustomer(objects, plan.previousRunId, partition)
      : new Map<string, string>();
    for (const customer of new Set([...before.keys(), ...now.keys()])) {
      const from = before.get(customer) ?? null;
      const to = now.get(customer) ?? null;
      if (from === to) continue;
      lines.push(JSON.stringify({ customer, from, to }));
      if (isSegment(to)) entered += 1;
      if (isSegment(from)) exited += 1;
    }
  }
  const changesKey = exportKeys.membershipChanges(runId);
  await objects.put(changesKey, lines.map((line) => `${line}\n`).join(''), 'application/x-ndjson');
  await events.put('Segments Promoted', {
    runId,
    previousRunId: plan.previousRunId ?? null,
    entered,
    exited,
    changes: `s3://${objects.bucket}/${changesKey}`,
  });
  return { rows: lines.length };
}

function isSegment(segmentId: string | null): boolean {
  return segmentId !== null && segmentId !== prospectsSegmentId;
}

async function segmentsByCustomer(
  objects: ObjectStore,
  runId: string,
  partition: number,
): Promise<Map<string, string>> {
  const key = runKeys(runId).assignments(partition);
  const { customers } = await objects.getJson(key, (value) => assignmentsSchema.parse(value));
  return new Map(customers.map(([customer, segmentId]) => [customer, segmentId]));
}

export const handler = stageFunction({
  name: 'announce-run',
  input: runInputSchema,
  createDeps: (environment) => ({ objects: new ObjectStore(environment.BUCKET_NAME), events: new EventBus() }),
  step: announceRun,
});
