import { CorruptRecordError } from '../../storage/errors.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { matrixTensor, putTensors, readTensors } from '../../storage/tensor-files.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { type PartitionInput, partitionInputSchema, readPlan } from './run-input.ts';

/** One partition's customer vectors [n, d] of a run over a team's own vectors: those of the matrix, as they are. */

interface Deps {
  readonly objects: ObjectStore;
}

export async function placeVectors({ runId, partition }: PartitionInput, { objects }: Deps): Promise<{ rows: number }> {
  const { matrix } = await readPlan(objects, runId);
  const key = matrix?.vectorParts[partition];
  if (key === undefined) {
    throw new CorruptRecordError(
      `the plan of ${runId} names no vectors for partition ${partition}; drop the matrix again, it is cut anew`,
    );
  }
  const vectors = (await readTensors(objects, key)).matrix('vectors');
  await putTensors(objects, runKeys(runId).vectors(partition), { vectors: matrixTensor(vectors) });
  return { rows: vectors.rows };
}

export const handler = stageFunction({
  name: 'place-vectors',
  input: partitionInputSchema,
  createDeps: (environment) => ({ objects: new ObjectStore(environment.BUCKET_NAME) }),
  step: placeVectors,
});
