import * as z from 'zod';
import { type RunPlan, runPlanSchema } from '../contracts/runs.ts';
import { runSegmentsSchema, type SegmentCard } from '../contracts/segments.ts';
import type { SoftmaxHead } from '../numerics/softmax-head.ts';
import type { Projection } from '../segmentation/vectors/output-layer.ts';
import { runKeys } from './keys.ts';
import { LakeReader } from './lake-reader.ts';
import type { ObjectStore } from './object-store.ts';
import { type PopulationStatistics, readPopulationStatistics } from './population-statistics.ts';
import { readTensors } from './tensor-files.ts';
import { readTextVectors, type TextVectors } from './text-vectors.ts';

/** All of a run that is needed to place another customer among its own, the way these were placed. */
export interface RunClassifier {
  readonly plan: RunPlan;
  readonly population: PopulationStatistics;
  /** Item id -> text id. */
  readonly textOfItem: ReadonlyMap<string, string>;
  /** The profile of the run's text vectors; empty where it has none. */
  readonly profileId: string;
  readonly texts: TextVectors;
  readonly outputLayer: Projection;
  readonly head: SoftmaxHead;
  /** Segments by class of the head. */
  readonly cards: readonly SegmentCard[];
}

/** `runs/<runId>/output-layer.json`, as far as it is needed here. */
export const outputLayerReportSchema = z.object({ explainedVariance: z.number(), profileId: z.string().optional() });

/** Undefined where the run's vectors were not made from behaviour, texts and profiles here: nobody else can be given such a vector. */
export async function readRunClassifier(objects: ObjectStore, runId: string): Promise<RunClassifier | undefined> {
  const keys = runKeys(runId);
  const report = await objects.findJson(keys.outputLayerReport, (value) => outputLayerReportSchema.parse(value));
  const profileId = report?.profileId;
  if (profileId === undefined) return undefined;
  const plan = await objects.getJson(keys.plan, (value) => runPlanSchema.parse(value));
  const [population, items, texts, layer, classifier, segments] = await Promise.all([
    readPopulationStatistics(objects, runId, plan.partitions),
    new LakeReader(objects, plan).items(),
    profileId === '' ? noTexts : readTextVectors(objects, profileId),
    readTensors(objects, keys.outputLayer),
    readTensors(objects, keys.classifier),
    objects.getJson(keys.segments, (value) => runSegmentsSchema.parse(value)),
  ]);
  const projection = layer.matrix('projection');
  return {
    plan,
    population,
    textOfItem: new Map([...items].map(([item, { textId }]) => [item, textId])),
    profileId,
    texts,
    outputLayer: { columns: projection.rows, dims: projection.columns, mean: layer.floats('mean'), projection },
    head: { weights: classifier.matrix('weights'), bias: classifier.floats('bias') },
    cards: segments.cards,
  };
}

const noTexts: TextVectors = { vectors: { rows: 0, columns: 0, data: new Float32Array() }, rowOf: new Map() };
