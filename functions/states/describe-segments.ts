import type { RunPlan } from '../../contracts/runs.ts';
import { type RunSegments, runSegmentsSchema, type SegmentCard } from '../../contracts/segments.ts';
import type { Matrix } from '../../numerics/tensor.ts';
import { lifecycleStage } from '../../segmentation/features/lifecycle.ts';
import {
  addToOverlap,
  type IdentityMatching,
  initOverlap,
  matchSegments,
} from '../../segmentation/segments/identity-matching.ts';
import { segmentCards } from '../../segmentation/segments/segment-card.ts';
import { addPartition, initSegmentStatistics } from '../../segmentation/segments/segment-statistics.ts';
import { typicalRows } from '../../segmentation/segments/typical-customers.ts';
import { assignmentsSchema } from '../../storage/assignments.ts';
import { factsIn } from '../../storage/behaviour-facts.ts';
import { runKeys } from '../../storage/keys.ts';
import { LakeReader } from '../../storage/lake-reader.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { readPopulationStatistics } from '../../storage/population-statistics.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { readTensors } from '../../storage/tensor-files.ts';
import { readRunVectors } from '../../storage/vector-shards.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { type RunInput, readPlan, runInputSchema } from './run-input.ts';

/** Gives every cluster an id that lasts, a name and a card. */

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
}

const typicalCustomersPerSegment = 5;

export async function describeSegments({ runId }: RunInput, { objects, registry }: Deps): Promise<{ rows: number }> {
  const keys = runKeys(runId);
  const plan = await readPlan(objects, runId);
  const lake = new LakeReader(objects, plan);
  const [centroids, items, texts, population] = await Promise.all([
    readTensors(objects, keys.centroids).then((file) => file.matrix('centroids')),
    lake.items(),
    lake.texts(),
    readPopulationStatistics(objects, runId, plan.partitions),
  ]);
  const statistics = initSegmentStatistics(centroids.rows);
  const customers: string[] = [];
  const labels: number[] = [];
  for (let partition = 0; partition < plan.partitions; partition += 1) {
    const [features, labelFile, table, profiles] = await Promise.all([
      readTensors(objects, keys.features(partition)),
      readTensors(objects, keys.labels(partition)),
      lake.interactions(partition),
      lake.customers(partition),
    ]);
    const behaviour = {
      customers: features.ids('customers'),
      names: features.json('names', (value) => value as string[]),
      raw: features.floats('raw'),
      features: features.floats('features'),
      facts: factsIn(features),
    };
    const partitionLabels = labelFile.ints('labels');
    const stages = behaviour.facts.map((facts) => lifecycleStage(population.lifecycle, facts, plan.asOfMs));
    addPartition(statistics, { labels: partitionLabels, behaviour, stages, table, items, texts, profiles });
    customers.push(...behaviour.customers);
    labels.push(...partitionLabels);
  }
  const previous = await readPrevious(objects, plan);
  const matching = await matchWithPrevious(objects, plan, previous, centroids.rows, customers, labels);
  const cards = segmentCards({
    statistics,
    matches: matching.segments,
    previousNames: new Map(previous.cards.map(({ segmentId, name }) => [segmentId, name])),
    typicalCustomers: await typicalCustomers(objects, plan, centroids, customers, labels),
    items,
    language: plan.language,
  }).map(
    (card): SegmentCard => ({
      ...card,
      traits: card.traits.map((trait) => ({
        feature: trait.feature,
        label: trait.label,
        segmentMean: trait.segmentMean,
        baseMean: trait.baseMean,
        segmentTypical: trait.segmentTypical,
        baseTypical: trait.baseTypical,
        ratio: Number.isFinite(trait.ratio) ? trait.ratio : null,
        effectSize: trait.effectSize,
        phrase: trait.phrase,
      })),
      categories: [...card.categories],
      words: [...card.words],
      items: [...card.items],
      typicalCustomers: [...card.typicalCustomers],
      months: [...card.months],
      matchedFrom: card.matchedFrom ?? null,
    }),
  );
  const segments: RunSegments = {
    cards,
    changes: matching.changes.map((change) => ({ ...change })),
    lastNumber: matching.lastNumber,
  };
  await objects.putJson(keys.segments, runSegmentsSchema.parse(segments));
  await registry.putSegments(runId, cards);
  return { rows: customers.length };
}

async function readPrevious(objects: ObjectStore, { previousRunId }: RunPlan): Promise<RunSegments> {
  if (!previousRunId) return { cards: [], changes: [], lastNumber: 0 };
  return objects.getJson(runKeys(previousRunId).segments, (value) => runSegmentsSchema.parse(value));
}

async function matchWithPrevious(
  objects: ObjectStore,
  plan: RunPlan,
  previous: RunSegments,
  k: number,
  customers: readonly string[],
  labels: readonly number[],
): Promise<IdentityMatching> {
  const overlap = initOverlap(k);
  if (plan.previousRunId) {
    const labelOf = new Map(customers.map((customer, row) => [customer, labels[row] as number]));
    const keys = runKeys(plan.previousRunId);
    for (let partition = 0; partition < plan.partitions; partition += 1) {
      const earlier = await objects.getJson(keys.assignments(partition), (value) => assignmentsSchema.parse(value));
      for (const [customer, segmentId] of earlier.customers) {
        const label = labelOf.get(customer);
        if (label !== undefined) addToOverlap(overlap, segmentId, label);
      }
    }
  }
  return matchSegments(
    overlap,
    previous.cards.map(({ segmentId }) => segmentId),
    previous.lastNumber,
  );
}

async function typicalCustomers(
  objects: ObjectStore,
  plan: RunPlan,
  centroids: Matrix,
  customers: readonly string[],
  labels: readonly number[],
): Promise<string[][]> {
  const { vectors } = await readRunVectors(objects, plan.runId, plan.partitions);
  return typicalRows(vectors, Int32Array.from(labels), centroids, typicalCustomersPerSegment).map((rows) =>
    rows.map((row) => customers[row] as string),
  );
}

export const handler = stageFunction({
  name: 'describe-segments',
  input: runInputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    registry: new RegistryTable(environment.REGISTRY_TABLE),
  }),
  step: describeSegments,
});
