import { prospectsSegmentId } from '../../contracts/customer-rows.ts';
import type { MemberIndex } from '../../contracts/members.ts';
import { evaluationSchema, type RunPlan } from '../../contracts/runs.ts';
import { assignmentsSchema } from '../../storage/assignments.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { type RunInput, readPlan, runInputSchema } from './run-input.ts';

/** Makes the run live: from this one write on, every look-up answers from it. */

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
  readonly nowMs: () => number;
}

export async function promoteRun({ runId }: RunInput, { objects, registry, nowMs }: Deps): Promise<{ rows: number }> {
  const keys = runKeys(runId);
  const [plan, { modelVersion }, live] = await Promise.all([
    readPlan(objects, runId),
    objects.getJson(keys.evaluation, (value) => evaluationSchema.parse(value)),
    registry.findLive(),
  ]);
  // A retry finds the run live already: the pointer stays as it is, and what follows the flip is done again.
  const isRetry = live?.runId === runId;
  if (!isRetry && live?.runId !== plan.previousRunId) {
    throw new OvertakenRunError(
      `${live?.runId ?? 'no run'} is live; this run was planned on ${plan.previousRunId ?? 'none'} and published what changed ` +
        'since then: start a run anew',
    );
  }
  const previousRunId = plan.previousRunId;
  const promotedAt = isRetry ? live.promotedAt : new Date(nowMs()).toISOString();
  const asOf = new Date(plan.asOfMs).toISOString();
  const counts = await putMemberIndexes(objects, plan, { modelVersion, asOf });
  await registry.promote({
    runId,
    runSeq: plan.runSeq,
    promotedAt,
    manifestSha256: plan.manifestSha256,
    modelVersion,
    asOf,
    ...(previousRunId ? { previousRunId } : {}),
  });
  await registry.updateRun(runId, {
    status: 'LIVE',
    finishedAt: promotedAt,
    prospects: counts.get(prospectsSegmentId) ?? 0,
  });
  if (previousRunId) await registry.updateRun(previousRunId, { status: 'SUPERSEDED' });
  return { rows: [...counts.values()].reduce((total, count) => total + count, 0) };
}

/** Another run went live between this one's plan and its promotion. */
export class OvertakenRunError extends Error {
  override readonly name = 'OvertakenRunError';
  readonly code = 'OVERTAKEN_RUN';
  readonly retryable = false;
}

/** Says of each segment how many members each partition lists. Answers the members per segment. */
async function putMemberIndexes(
  objects: ObjectStore,
  plan: RunPlan,
  provenance: Pick<MemberIndex, 'modelVersion' | 'asOf'>,
): Promise<Map<string, number>> {
  const keys = runKeys(plan.runId);
  const indexes = new Map<string, number[]>();
  for (let partition = 0; partition < plan.partitions; partition += 1) {
    const { customers } = await objects.getJson(keys.assignments(partition), (value) => assignmentsSchema.parse(value));
    for (const [, segmentId] of customers) {
      const counts = indexes.get(segmentId) ?? new Array<number>(plan.partitions).fill(0);
      counts[partition] = (counts[partition] ?? 0) + 1;
      indexes.set(segmentId, counts);
    }
  }
  const totals = new Map<string, number>();
  for (const [segmentId, partitions] of indexes) {
    const customers = partitions.reduce((total, count) => total + count, 0);
    totals.set(segmentId, customers);
    const index: MemberIndex = { segmentId, customers, partitions, ...provenance };
    await objects.putJson(keys.members(segmentId), index);
  }
  return totals;
}

export const handler = stageFunction({
  name: 'promote-run',
  input: runInputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    registry: new RegistryTable(environment.REGISTRY_TABLE),
    nowMs: Date.now,
  }),
  step: promoteRun,
});
