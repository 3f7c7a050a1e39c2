import { type TrainHeadJob, trainHeadJobSchema } from '../../contracts/model-jobs.ts';
import { stratifiedSplit } from '../../segmentation/classifier/split.ts';
import { selectRows } from '../../segmentation/vectors/row-blocks.ts';
import { modelInputKeys, runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { intsTensor, matrixTensor, putTensors } from '../../storage/tensor-files.ts';
import { readRunLabels, readRunVectors } from '../../storage/vector-shards.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { type RunInput, readPlan, runInputSchema } from './run-input.ts';

/** Writes the classifier's training request: four fifths of the customers; the others are kept to judge it by. */

interface Deps {
  readonly objects: ObjectStore;
}

const heldOutShare = 0.2;
/** A Lambda invocation lasts 15 minutes at most, one of the endpoint an hour; what one that dies has done since its start is lost. */
const legSeconds = 600;

export async function prepareTraining(
  { runId }: RunInput,
  { objects }: Deps,
): Promise<{ rows: number; inputKey: string }> {
  const keys = runKeys(runId);
  const plan = await readPlan(objects, runId);
  const [{ vectors }, labels] = await Promise.all([
    readRunVectors(objects, runId, plan.partitions),
    readRunLabels(objects, runId, plan.partitions),
  ]);
  const { seed } = plan.options;
  const split = stratifiedSplit(labels, heldOutShare, seed);
  const job: TrainHeadJob = trainHeadJobSchema.parse({
    kind: 'train-head',
    classes: labels.reduce((most, label) => Math.max(most, label), 0) + 1,
    seed,
    maxSeconds: legSeconds,
  });
  const inputKey = modelInputKeys.train(runId);
  await Promise.all([
    putTensors(objects, keys.split, { train: intsTensor(split.train), heldOut: intsTensor(split.heldOut) }),
    putTensors(
      objects,
      inputKey,
      {
        vectors: matrixTensor(selectRows(vectors, split.train)),
        labels: intsTensor(split.train.map((row) => labels[row] as number)),
      },
      { job: JSON.stringify(job) },
    ),
  ]);
  return { rows: split.train.length, inputKey };
}

export const handler = stageFunction({
  name: 'prepare-training',
  input: runInputSchema,
  createDeps: (environment) => ({ objects: new ObjectStore(environment.BUCKET_NAME) }),
  step: prepareTraining,
});
