import * as z from 'zod';
import type { GraphRunner } from '../../numerics/runner.ts';
import type { Matrix } from '../../numerics/tensor.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { customerTable } from '../../segmentation/vectors/customer-table.ts';
import { momentsOf } from '../../segmentation/vectors/moments.ts';
import { poolTexts } from '../../segmentation/vectors/pooling.ts';
import { CorruptRecordError } from '../../storage/errors.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { readPopulationStatistics } from '../../storage/population-statistics.ts';
import { matrixTensor, putTensors, readTensors } from '../../storage/tensor-files.ts';
import { readTextVectors } from '../../storage/text-vectors.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { partitionInputSchema, readPlan } from './run-input.ts';

/**
 * One partition's raw vectors [n, D]: the pooled text vector, the behaviour and the profile of each customer side by side, and
 * their moments, from which the output layer is fitted.
 */

const inputSchema = partitionInputSchema.extend({ profileId: z.string() });
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
  readonly runner: GraphRunner;
}

interface PartitionProfiles {
  readonly attributes: readonly Record<string, string | number>[];
}

export async function buildVectors({ runId, partition, profileId }: Input, deps: Deps): Promise<{ rows: number }> {
  const { objects, runner } = deps;
  const keys = runKeys(runId);
  const plan = await readPlan(objects, runId);
  const [features, profiles, population, text] = await Promise.all([
    readTensors(objects, keys.features(partition)),
    objects.getJson(keys.profiles(partition), (value) => value as PartitionProfiles),
    readPopulationStatistics(objects, runId, plan.partitions),
    pooledTexts(objects, runId, partition, profileId),
  ]);
  const { rows: raw, columns } = customerTable(
    { text, behaviour: features.matrix('features'), attributes: profiles.attributes },
    population,
  );
  const blocks = JSON.stringify(columns);
  await putTensors(objects, keys.inputs(partition), { inputs: matrixTensor(raw) }, { blocks });
  if (raw.rows > 0) {
    const { count, mean, comoments } = await momentsOf(raw, runner);
    await putTensors(
      objects,
      keys.moments(partition),
      {
        mean: { type: 'float64', dims: [raw.columns], data: mean },
        comoments: { type: 'float64', dims: [raw.columns, raw.columns], data: comoments },
      },
      { count: JSON.stringify(count), blocks },
    );
  }
  return { rows: raw.rows };
}

/** Each customer's pooled text vector [n, dText]; dText is 0 where the shop's files hold no text at all. */
async function pooledTexts(objects: ObjectStore, runId: string, partition: number, profileId: string): Promise<Matrix> {
  const file = await readTensors(objects, runKeys(runId).textWeights(partition));
  const rowStarts = file.ints('rowStart');
  if (profileId === '') return { rows: rowStarts.length - 1, columns: 0, data: new Float32Array() };
  const { vectors, rowOf } = await readTextVectors(objects, profileId);
  const rowOfText = Int32Array.from(file.ids('textIds'), (textId) => rowOf.get(textId) ?? -1);
  const missing = rowOfText.indexOf(-1);
  if (missing !== -1) {
    throw new CorruptRecordError(
      `text ${file.ids('textIds')[missing]} of partition ${partition} has no vector under profile ${profileId}; ` +
        'start the run again: texts are collected anew',
    );
  }
  const texts = file.ints('textIndex').map((index) => rowOfText[index] as number);
  return poolTexts({ rowStarts, texts, weights: file.floats('weights') }, vectors);
}

export const handler = stageFunction({
  name: 'build-vectors',
  input: inputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    runner: createInProcessRunner({ intraOpThreads: 1 }),
  }),
  step: buildVectors,
});
