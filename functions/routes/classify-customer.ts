import type * as z from 'zod';
import { classifyAnswer, classifyInput } from '../../contracts/api.ts';
import type { EmbeddingProfile } from '../../contracts/model-jobs.ts';
import type { LivePointer } from '../../contracts/registry.ts';
import type { SegmentCard } from '../../contracts/segments.ts';
import { embeddingProfile, embeddingProfileId } from '../../model-jobs/embedding-profile.ts';
import { createInProcessEmbedder } from '../../model-jobs/in-process-embedder.ts';
import type { Embedder } from '../../model-jobs/jobs.ts';
import { readManifest } from '../../model-jobs/model-registry.ts';
import type { GraphRunner } from '../../numerics/runner.ts';
import type { Matrix } from '../../numerics/tensor.ts';
import { detectDevice } from '../../runtime/device.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { classifyRow } from '../../segmentation/classifier/softmax.ts';
import { behaviourMatrix } from '../../segmentation/features/behaviour-matrix.ts';
import type { BehaviourFacts } from '../../segmentation/features/customer-summary.ts';
import { lifecycleStage } from '../../segmentation/features/lifecycle.ts';
import { defaultHalfLifeDays, textWeights } from '../../segmentation/features/text-weights.ts';
import { readToldAttributes } from '../../segmentation/records/told-attributes.ts';
import { readToldEvents, type ToldInteractions } from '../../segmentation/records/told-events.ts';
import { customerTable } from '../../segmentation/vectors/customer-table.ts';
import { projectRows } from '../../segmentation/vectors/output-layer.ts';
import { poolTexts } from '../../segmentation/vectors/pooling.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { type RunClassifier, readRunClassifier } from '../../storage/run-classifier.ts';
import { ApiProblem } from '../wiring/api-problem.ts';
import { liveRunReader } from '../wiring/live-run.ts';
import { routeFunction } from '../wiring/route-function.ts';
import { alternativesTo, customerFacts, isDataPartial, roundedProbability } from '../wiring/segment-answer.ts';
import { shippedEncodersFolder } from '../wiring/shipped-encoders.ts';

/**
 * Which segment would this customer be in? What the caller tells of them goes the way that the live run's customers went: the same
 * features, encoder, output layer and head. Nothing of it is kept.
 */

interface Deps {
  readonly liveRun: () => Promise<LivePointer>;
  readonly classifierOf: (runId: string) => Promise<RunClassifier | undefined>;
  /** The profile in which a model embeds here. */
  readonly profileOf: (model: string) => EmbeddingProfile;
  readonly embedder: Embedder;
  readonly runner: GraphRunner;
  readonly nowMs: () => number;
}

type Answer = z.infer<typeof classifyAnswer>;

/** Every text has no more tokens than characters; this many are embedded well within the 29 s that API Gateway waits. */
const mostEmbeddedCharacters = 40_000;
/** There is one customer, and whatever stands for their id goes nowhere. */
const customer = '0'.repeat(32);

export async function classifyCustomer({ body }: z.infer<typeof classifyInput>, deps: Deps): Promise<Answer> {
  const live = await deps.liveRun();
  const run = await deps.classifierOf(live.runId);
  if (!run) {
    throw new ApiProblem(
      409,
      'No classifier for events',
      `${live.runId} was not made from events, texts and profiles, or by an older version; customers can be classified once a run from files is live.`,
    );
  }
  const told = readToldEvents(body.events, { customer, receivedAtMs: deps.nowMs() });
  if (told.rejected.length > 0) {
    const reasons = told.rejected.slice(0, 5).map(({ event, code, message }) => `events.${event}: ${code}: ${message}`);
    throw new ApiProblem(422, 'Events cannot be used', reasons.join('; '));
  }
  const { attributes: statistics } = run.population;
  const { attributes, ignored } = readToldAttributes(body.attributes ?? {}, (attribute) => {
    const summary = statistics.attributes.get(attribute);
    return summary && (summary.numbers >= summary.strings ? 'number' : 'category');
  });
  // Features are as of the run; of a customer who has done something since, as of that.
  const asOfMs = told.interactions.atMs.reduce((latest, at) => Math.max(latest, at), run.plan.asOfMs);
  const behaviour = behaviourMatrix(told.interactions, asOfMs);
  const text = await pooledText(told, run, asOfMs, deps);
  const table = customerTable(
    {
      text: text.pooled,
      behaviour: { rows: 1, columns: behaviour.names.length, data: behaviour.features },
      attributes: [attributes],
    },
    run.population,
  );
  const vector = await projectRows(run.outputLayer, table.rows, deps.runner);
  const probabilities = classifyRow(run.head, vector.data);
  const label = probabilities.indexOf(Math.max(...probabilities));
  const card = run.cards[label] as SegmentCard;
  const facts = behaviour.facts[0] as BehaviourFacts;
  return {
    segment: { id: card.segmentId, name: card.name },
    confidence: roundedProbability(probabilities[label] as number),
    alternatives: alternativesTo(label, probabilities, run.cards),
    features: {
      ...customerFacts(facts),
      lifecycleStage: lifecycleStage(run.population.lifecycle, facts, asOfMs),
    },
    isDataPartial: isDataPartial(facts),
    runId: live.runId,
    modelVersion: live.modelVersion,
    featuresAsOf: new Date(asOfMs).toISOString(),
    embedding: text.embedding,
    itemsWithoutText: text.itemsWithoutText,
    ignoredAttributes: [...ignored],
  };
}

interface PooledText {
  /** [1, dText] */
  readonly pooled: Matrix;
  readonly embedding: Answer['embedding'];
  readonly itemsWithoutText: number;
}

/** The customer's pooled text vector: vectors of the run where it has them, and of texts that are new to it from the encoder here. */
async function pooledText(told: ToldInteractions, run: RunClassifier, asOfMs: number, deps: Deps): Promise<PooledText> {
  const { profileId, plan } = run;
  const own = new Map(told.items.map(({ item, textId }) => [item, textId]));
  // What the run knows of an item goes before what the caller says of it.
  const textOfItem = new Map([...own, ...run.textOfItem]);
  const itemsWithoutText = told.interactions.items.filter((item) => !textOfItem.has(item)).length;
  if (profileId === '') {
    const embedding = { cachedTexts: 0, embeddedTexts: 0, profileId: null, runProfileId: null, isExact: true };
    return { pooled: { rows: 1, columns: 0, data: new Float32Array() }, embedding, itemsWithoutText };
  }
  const weights = textWeights(told.interactions, textOfItem, { asOfMs, halfLifeDays: defaultHalfLifeDays });
  const { vectors, rowOf } = run.texts;
  const { columns } = vectors;
  const used = new Set(weights.textIndex);
  const uncached = weights.textIds.filter((textId, at) => used.has(at) && !rowOf.has(textId));
  const embedded = await embeddedTexts(
    uncached.map((textId) => told.texts.get(textId) as string),
    plan.model,
    deps.embedder,
  );
  const data = new Float32Array(weights.textIds.length * columns);
  weights.textIds.forEach((textId, at) => {
    const row = rowOf.get(textId);
    const fresh = uncached.indexOf(textId);
    const from = row === undefined ? embedded : vectors.data;
    const start = (row ?? fresh) * columns;
    if (start >= 0) data.set(from.subarray(start, start + columns), at * columns);
  });
  const ownProfileId = embeddingProfileId(deps.profileOf(plan.model));
  return {
    pooled: poolTexts(
      { rowStarts: weights.rowStart, texts: weights.textIndex, weights: weights.weights },
      { rows: weights.textIds.length, columns, data },
    ),
    embedding: {
      cachedTexts: used.size - uncached.length,
      embeddedTexts: uncached.length,
      profileId: ownProfileId,
      runProfileId: profileId,
      isExact: uncached.length === 0 || ownProfileId === profileId,
    },
    itemsWithoutText,
  };
}

/** [texts, dims] */
async function embeddedTexts(texts: readonly string[], model: string, embedder: Embedder): Promise<Float32Array> {
  if (texts.length === 0) return new Float32Array();
  const characters = texts.reduce((total, text) => total + text.length, 0);
  if (characters > mostEmbeddedCharacters) {
    throw new ApiProblem(
      413,
      'Too much text',
      `The texts that no run has seen have ${characters} characters together; at most ${mostEmbeddedCharacters} are taken. Leave out the oldest.`,
    );
  }
  return (await embedder.embed(model, texts, new AbortController().signal)).vectors;
}

/** The live run's classifier, read once per run and process. A failure to read it is not kept. */
function keptClassifier(objects: ObjectStore): Deps['classifierOf'] {
  let kept: { readonly runId: string; readonly classifier: RunClassifier | undefined } | undefined;
  return async (runId) => {
    if (kept?.runId !== runId) kept = { runId, classifier: await readRunClassifier(objects, runId) };
    return kept.classifier;
  };
}

export const handler = routeFunction({
  name: 'classify-customer',
  input: classifyInput,
  output: classifyAnswer,
  createDeps: (environment): Deps => {
    const manifest = readManifest(shippedEncodersFolder);
    const runner = createInProcessRunner({ intraOpThreads: 1 });
    const device = detectDevice('cpu');
    const place = { modelsFolder: shippedEncodersFolder, manifest, provider: 'cpu' } as const;
    return {
      liveRun: liveRunReader(new RegistryTable(environment.REGISTRY_TABLE), Date.now),
      classifierOf: keptClassifier(new ObjectStore(environment.BUCKET_NAME)),
      profileOf: (model) => embeddingProfile(model, manifest[model]!, device),
      embedder: createInProcessEmbedder(place, runner, () => performance.now()),
      runner,
      nowMs: Date.now,
    };
  },
  step: classifyCustomer,
});
