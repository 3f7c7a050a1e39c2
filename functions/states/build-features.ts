import { addAttributes, encodeAttributes, initAttributes } from '../../segmentation/features/attribute-statistics.ts';
import { behaviourMatrix } from '../../segmentation/features/behaviour-matrix.ts';
import { columnSums } from '../../segmentation/features/column-means.ts';
import { addGap } from '../../segmentation/features/lifecycle.ts';
import { defaultHalfLifeDays, textWeights } from '../../segmentation/features/text-weights.ts';
import { ValueCounts } from '../../segmentation/features/value-counts.ts';
import { factsTensor } from '../../storage/behaviour-facts.ts';
import { runKeys } from '../../storage/keys.ts';
import { LakeReader } from '../../storage/lake-reader.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { floatsTensor, idsTensor, intsTensor, putTensors } from '../../storage/tensor-files.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { type PartitionInput, partitionInputSchema, readPlan } from './run-input.ts';

/** One partition's customers: behaviour, attributes, and which texts say how much about whom. */

interface Deps {
  readonly objects: ObjectStore;
}

export async function buildFeatures(
  { runId, partition }: PartitionInput,
  { objects }: Deps,
): Promise<{ rows: number; prospects: number }> {
  const plan = await readPlan(objects, runId);
  const lake = new LakeReader(objects, plan);
  const [interactions, customers, items] = await Promise.all([
    lake.interactions(partition),
    lake.customers(partition),
    lake.items(),
  ]);
  const behaviour = behaviourMatrix(interactions, plan.asOfMs);
  const textOfItem = new Map([...items].map(([item, { textId }]) => [item, textId]));
  const weights = textWeights(interactions, textOfItem, { asOfMs: plan.asOfMs, halfLifeDays: defaultHalfLifeDays });

  const active = new Set(behaviour.customers);
  const prospects = [...customers.keys()].filter((customer) => !active.has(customer)).sort();
  const statistics = initAttributes();
  const attributes = behaviour.customers.map((customer) => customers.get(customer)?.attributes ?? {});
  for (const record of attributes) addAttributes(statistics, record);
  const gaps = new ValueCounts();
  for (const facts of behaviour.facts) addGap(gaps, facts);

  const keys = runKeys(runId);
  const shape = [behaviour.customers.length, behaviour.names.length];
  await Promise.all([
    putTensors(
      objects,
      keys.features(partition),
      {
        customers: idsTensor(behaviour.customers),
        features: { type: 'float32', dims: shape, data: behaviour.features },
        raw: { type: 'float32', dims: shape, data: behaviour.raw },
        facts: factsTensor(behaviour.facts),
      },
      { names: JSON.stringify(behaviour.names) },
    ),
    objects.putJson(keys.profiles(partition), { attributes, prospects }),
    objects.putJson(keys.profileStatistics(partition), {
      attributes: encodeAttributes(statistics),
      features: columnSums(behaviour.features, behaviour.names.length),
      gaps: gaps.toJSON(),
    }),
    putTensors(objects, keys.textWeights(partition), {
      textIds: idsTensor(weights.textIds),
      rowStart: intsTensor(weights.rowStart),
      textIndex: intsTensor(weights.textIndex),
      weights: floatsTensor(weights.weights),
    }),
  ]);
  return { rows: behaviour.customers.length, prospects: prospects.length };
}

export const handler = stageFunction({
  name: 'build-features',
  input: partitionInputSchema,
  createDeps: (environment) => ({ objects: new ObjectStore(environment.BUCKET_NAME) }),
  step: buildFeatures,
});
