import type { RunPlan } from '../../contracts/runs.ts';
import type { SegmentCard } from '../../contracts/segments.ts';
import { encodeAttributes, initAttributes } from '../../segmentation/features/attribute-statistics.ts';
import type { BehaviourFacts } from '../../segmentation/features/customer-summary.ts';
import { partitionOf } from '../../segmentation/privacy/pseudonyms.ts';
import { factsTensor } from '../../storage/behaviour-facts.ts';
import { runKeys } from '../../storage/keys.ts';
import { floatsTensor, idsTensor, intsTensor, matrixTensor, putTensors } from '../../storage/tensor-files.ts';
import type { EmbeddedStores } from './embedded-stores.ts';

/** Everything that stands in S3 and in the registry once a run has been evaluated, written by hand: what Publish works on. */
export interface PlantedRun {
  readonly runSeq: number;
  readonly previousRunId?: string;
  /** Segments by cluster. */
  readonly segments: readonly { readonly segmentId: string; readonly name: string }[];
  readonly customers: readonly PlantedCustomer[];
  readonly prospects?: readonly string[];
}

export interface PlantedCustomer {
  /** Pseudonym. */
  readonly customer: string;
  readonly cluster: number;
  readonly orders: number;
  readonly revenue: number;
}

export const plantedPartitions = 2;
export const lastPurchaseAt = '2026-01-31T10:00:00.000Z';
const firstPurchaseAt = '2026-01-01T10:00:00.000Z';
const asOfMs = Date.UTC(2026, 1, 1, 10);

export function runIdOf(runSeq: number): string {
  return `run-${String(runSeq).padStart(6, '0')}`;
}

/** A pseudonym whose first digit decides its partition. */
export function pseudonym(digits: string): string {
  return digits.padEnd(32, '0');
}

/**
 * Plants the run and opens it in the registry. A customer's vector is twice the unit vector of their cluster and the head is the
 * identity, so a customer's probability of their own segment is e^2 / (e^2 + segments - 1), and of any other 1 / (e^2 + segments - 1).
 */
export async function plantRun({ objects, registry, nowMs }: EmbeddedStores, run: PlantedRun): Promise<string> {
  const startedAt = new Date(nowMs()).toISOString();
  const executionName = `planted-${run.runSeq}`;
  const { runId, runSeq } = await registry.openRun(executionName, { trigger: 'manual', executionName, startedAt });
  if (runSeq !== run.runSeq) throw new Error(`the run is number ${runSeq}; plant runs in the order of their numbers`);
  const keys = runKeys(runId);
  const k = run.segments.length;
  await objects.putJson(keys.plan, planOf(run, startedAt));
  await objects.putJson(keys.segments, {
    cards: run.segments.map(({ segmentId, name }) => plantedCard(segmentId, name)),
    changes: [],
    lastNumber: k,
  });
  await objects.putJson(keys.evaluation, evaluationOf(runId));
  await putTensors(objects, keys.classifier, {
    weights: matrixTensor({ rows: k, columns: k, data: identity(k) }),
    bias: floatsTensor(new Float32Array(k)),
  });
  for (let partition = 0; partition < plantedPartitions; partition += 1) {
    const inPartition = (customer: string) => partitionOf(customer, plantedPartitions) === partition;
    const customers = run.customers.filter(({ customer }) => inPartition(customer));
    await putTensors(objects, keys.features(partition), {
      customers: idsTensor(customers.map(({ customer }) => customer)),
      facts: factsTensor(customers.map(factsOf)),
    });
    const vectors = new Float32Array(customers.length * k);
    customers.forEach(({ cluster }, row) => {
      vectors[row * k + cluster] = 2;
    });
    await putTensors(objects, keys.vectors(partition), {
      vectors: matrixTensor({ rows: customers.length, columns: k, data: vectors }),
    });
    const labels = Int32Array.from(customers, ({ cluster }) => cluster);
    await putTensors(objects, keys.labels(partition), { labels: intsTensor(labels) });
    await objects.putJson(keys.profiles(partition), {
      attributes: customers.map(() => ({})),
      prospects: (run.prospects ?? []).filter(inPartition),
    });
    await objects.putJson(keys.profileStatistics(partition), {
      attributes: encodeAttributes(initAttributes()),
      features: { counts: [], sums: [] },
      gaps: [],
    });
  }
  return runId;
}

function identity(k: number): Float32Array {
  return Float32Array.from({ length: k * k }, (_, at) => (Math.floor(at / k) === at % k ? 1 : 0));
}

function planOf({ runSeq, previousRunId }: PlantedRun, startedAt: string): RunPlan {
  return {
    runId: runIdOf(runSeq),
    runSeq,
    startedAt,
    manifestSha256: String(runSeq).padStart(64, '0'),
    options: { segments: 'auto', vectorDims: 2, model: 'auto', minimumAccuracy: 0.8, seed: 0 },
    model: 'all-MiniLM-L6-v2',
    language: 'en',
    asOfMs,
    partitions: plantedPartitions,
    imports: [],
    customerParts: [[], []],
    interactionParts: [[], []],
    itemParts: [],
    textParts: [],
    ...(previousRunId ? { previousRunId } : {}),
  };
}

function evaluationOf(runId: string) {
  return {
    heldOutCustomers: 10,
    accuracy: 0.9,
    macroF1: 0.9,
    majorityBaseline: 0.5,
    fidelity: 0.9,
    temperature: 1,
    expectedCalibrationError: 0.01,
    explainedVariance: 0.9,
    trainedEpochs: 1,
    modelVersion: `model-of-${runId}`,
    promote: true,
    reason: '',
  };
}

export function plantedCard(segmentId: string, name: string): SegmentCard {
  return {
    segmentId,
    name,
    customers: 1,
    share: 0.5,
    revenue: 10,
    revenueShare: 0.5,
    summary: '',
    traits: [],
    categories: [],
    words: [],
    items: [],
    typicalCustomers: [],
    lifecycle: {},
    months: [],
    matchedFrom: null,
  };
}

function factsOf({ orders, revenue }: PlantedCustomer): BehaviourFacts {
  return {
    firstEventAtMs: Date.parse(firstPurchaseAt),
    lastEventAtMs: Date.parse(lastPurchaseAt),
    firstPurchaseAtMs: Date.parse(firstPurchaseAt),
    lastPurchaseAtMs: Date.parse(lastPurchaseAt),
    orders,
    lines: orders,
    units: orders,
    revenue,
    refundLines: 0,
    refundAmount: 0,
    distinctItems: 1,
    reviews: 0,
    meanRating: Number.NaN,
    activeDays: 2,
    purchaseDays: 2,
  };
}
