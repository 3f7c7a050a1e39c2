import { type CustomerRow, prospectsSegmentId } from '../../contracts/customer-rows.ts';
import type { MemberPart } from '../../contracts/members.ts';
import { type CustomerFacts, evaluationSchema, type RunPlan } from '../../contracts/runs.ts';
import { runSegmentsSchema, type SegmentCard } from '../../contracts/segments.ts';
import type { Matrix } from '../../numerics/tensor.ts';
import { classifyRow } from '../../segmentation/classifier/softmax.ts';
import type { BehaviourFacts } from '../../segmentation/features/customer-summary.ts';
import { lifecycleStage } from '../../segmentation/features/lifecycle.ts';
import { type Assignments, assignmentsSchema, rowHash } from '../../storage/assignments.ts';
import { factsIn } from '../../storage/behaviour-facts.ts';
import { CustomerRowsTable } from '../../storage/customer-rows-table.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { readPopulationStatistics } from '../../storage/population-statistics.ts';
import { readTensors } from '../../storage/tensor-files.ts';
import { alternativesTo, customerFacts, isDataPartial, roundedProbability } from '../wiring/segment-answer.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { type PartitionInput, partitionInputSchema, readPlan } from './run-input.ts';

/**
 * Writes the rows of one partition's customers about whom anything changed since the live run, those who are gone included, and the
 * lists of members. Nothing of
 * it is seen before the run is promoted. Doing it twice writes the same rows.
 */

interface Deps {
  readonly objects: ObjectStore;
  readonly rows: CustomerRowsTable;
}

const prospectsName = { en: 'Prospects', zh: '潜在客户' } as const;

export async function publishRows({ runId, partition }: PartitionInput, deps: Deps): Promise<{ rows: number }> {
  const { objects } = deps;
  const keys = runKeys(runId);
  const plan = await readPlan(objects, runId);
  const rows = await customerRows(objects, plan, partition);
  const hashes = rows.map(rowHash);
  const published = await readPublished(objects, plan.previousRunId, partition);
  const changed = rows.filter((row, at) => published.get(row.customer) !== hashes[at]);
  const present = new Set(rows.map(({ customer }) => customer));
  const gone = [...published.keys()].filter((customer) => !present.has(customer));
  const assignments: Assignments = {
    runSeq: plan.runSeq,
    written: [...changed.map(({ customer }) => customer), ...gone],
    customers: rows.map(({ customer, segmentId }, at) => [customer, segmentId, hashes[at] as string]),
  };
  // Before the rows: a run that dies among its writes is undone by this list.
  await objects.putJson(keys.assignments(partition), assignments);
  await Promise.all([
    deps.rows.putAll(changed),
    deps.rows.putGone(gone, plan.runSeq),
    putMembers(objects, runId, partition, rows),
  ]);
  return { rows: assignments.written.length };
}

async function customerRows(objects: ObjectStore, plan: RunPlan, partition: number): Promise<CustomerRow[]> {
  const keys = runKeys(plan.runId);
  const [features, vectorFile, labelFile, classifierFile, evaluation, segments, profiles, population] =
    await Promise.all([
      readTensors(objects, keys.features(partition)),
      readTensors(objects, keys.vectors(partition)),
      readTensors(objects, keys.labels(partition)),
      readTensors(objects, keys.classifier),
      objects.getJson(keys.evaluation, (value) => evaluationSchema.parse(value)),
      objects.getJson(keys.segments, (value) => runSegmentsSchema.parse(value)),
      objects.getJson(keys.profiles(partition), (value) => value as { prospects: string[] }),
      readPopulationStatistics(objects, plan.runId, plan.partitions),
    ]);
  const head = { weights: classifierFile.matrix('weights'), bias: classifierFile.floats('bias') };
  const vectors = vectorFile.matrix('vectors');
  const labels = labelFile.ints('labels');
  const facts = factsIn(features);
  const stamp = { runSeq: plan.runSeq, assignedAt: plan.startedAt, assignedBy: evaluation.modelVersion };

  const segmented = features.ids('customers').map((customer, row): CustomerRow => {
    const probabilities = classifyRow(head, rowOf(vectors, row));
    const label = labels[row] as number;
    const card = segments.cards[label] as SegmentCard;
    const own = facts[row] as BehaviourFacts;
    return {
      customer,
      ...stamp,
      segmentId: card.segmentId,
      segmentName: card.name,
      confidence: roundedProbability(probabilities[label] as number),
      alternatives: alternativesTo(label, probabilities, segments.cards),
      facts: customerFacts(own),
      lifecycleStage: lifecycleStage(population.lifecycle, own, plan.asOfMs),
      isDataPartial: isDataPartial(own),
    };
  });
  const prospects = profiles.prospects.map(
    (customer): CustomerRow => ({
      customer,
      ...stamp,
      segmentId: prospectsSegmentId,
      segmentName: prospectsName[plan.language],
      confidence: null,
      alternatives: [],
      facts: noFacts,
      lifecycleStage: 'prospect',
      isDataPartial: true,
    }),
  );
  return [...segmented, ...prospects];
}

function rowOf({ columns, data }: Matrix, row: number): Float32Array {
  return data.subarray(row * columns, (row + 1) * columns);
}

const noFacts: CustomerFacts = {
  firstPurchaseAt: null,
  lastPurchaseAt: null,
  lastEventAt: null,
  orders: 0,
  lines: 0,
  units: 0,
  revenue: 0,
  refundAmount: 0,
  distinctItems: 0,
  reviews: 0,
  meanRating: null,
};

/** Row hashes as they stand in the live run; none where no run is live. */
async function readPublished(
  objects: ObjectStore,
  previousRunId: string | undefined,
  partition: number,
): Promise<Map<string, string>> {
  if (!previousRunId) return new Map();
  const key = runKeys(previousRunId).assignments(partition);
  const { customers } = await objects.getJson(key, (value) => assignmentsSchema.parse(value));
  return new Map(customers.map(([customer, , hash]) => [customer, hash]));
}

async function putMembers(
  objects: ObjectStore,
  runId: string,
  partition: number,
  rows: readonly CustomerRow[],
): Promise<void> {
  const members = new Map<string, MemberPart>();
  for (const { customer, segmentId, confidence } of rows) {
    const part = members.get(segmentId) ?? [];
    part.push([customer, confidence]);
    members.set(segmentId, part);
  }
  const keys = runKeys(runId);
  await Promise.all(
    [...members].map(([segmentId, part]) => objects.putJson(keys.memberPart(segmentId, partition), part)),
  );
}

export const handler = stageFunction({
  name: 'publish-rows',
  input: partitionInputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    rows: new CustomerRowsTable(environment.CUSTOMERS_TABLE),
  }),
  step: publishRows,
});
