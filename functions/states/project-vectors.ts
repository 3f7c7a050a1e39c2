import type { GraphRunner } from '../../numerics/runner.ts';
import type { Matrix } from '../../numerics/tensor.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { projectRows } from '../../segmentation/vectors/output-layer.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { matrixTensor, putTensors, readTensors } from '../../storage/tensor-files.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { type PartitionInput, partitionInputSchema } from './run-input.ts';

/** One partition's customer vectors [n, d]: its raw vectors through the output layer. */

interface Deps {
  readonly objects: ObjectStore;
  readonly runner: GraphRunner;
}

export async function projectVectors({ runId, partition }: PartitionInput, deps: Deps): Promise<{ rows: number }> {
  const { objects, runner } = deps;
  const keys = runKeys(runId);
  const [inputs, layer] = await Promise.all([
    readTensors(objects, keys.inputs(partition)),
    readTensors(objects, keys.outputLayer),
  ]);
  const raw = inputs.matrix('inputs');
  const projection = layer.matrix('projection');
  const vectors: Matrix =
    raw.rows === 0
      ? { rows: 0, columns: projection.columns, data: new Float32Array() }
      : await projectRows(
          { columns: projection.rows, dims: projection.columns, mean: layer.floats('mean'), projection },
          raw,
          runner,
        );
  await putTensors(objects, keys.vectors(partition), { vectors: matrixTensor(vectors) });
  return { rows: vectors.rows };
}

export const handler = stageFunction({
  name: 'project-vectors',
  input: partitionInputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    runner: createInProcessRunner({ intraOpThreads: 1 }),
  }),
  step: projectVectors,
});
