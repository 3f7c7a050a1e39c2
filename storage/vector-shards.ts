import type { Matrix } from '../numerics/tensor.ts';
import { runKeys } from './keys.ts';
import type { ObjectStore } from './object-store.ts';
import { readTensors } from './tensor-files.ts';

/** All customers' vectors of a run in order of pseudonym, and at which row each partition begins ([partitions + 1]). */
export interface RunVectors {
  readonly vectors: Matrix;
  readonly firstRows: readonly number[];
}

export async function readRunVectors(objects: ObjectStore, runId: string, partitions: number): Promise<RunVectors> {
  const keys = runKeys(runId);
  const shards = await Promise.all(
    Array.from({ length: partitions }, async (_, partition) =>
      (await readTensors(objects, keys.vectors(partition))).matrix('vectors'),
    ),
  );
  const columns = shards.find(({ rows }) => rows > 0)?.columns ?? 0;
  const firstRows = [0];
  for (const { rows } of shards) firstRows.push((firstRows.at(-1) as number) + rows);
  const data = new Float32Array((firstRows.at(-1) as number) * columns);
  shards.forEach((shard, partition) => {
    data.set(shard.data, (firstRows[partition] as number) * columns);
  });
  return { vectors: { rows: firstRows.at(-1) as number, columns, data }, firstRows };
}

/** All customers' cluster labels of a run, in the same order. */
export async function readRunLabels(objects: ObjectStore, runId: string, partitions: number): Promise<Int32Array> {
  const keys = runKeys(runId);
  const shards = await Promise.all(
    Array.from({ length: partitions }, async (_, partition) =>
      (await readTensors(objects, keys.labels(partition))).ints('labels'),
    ),
  );
  const labels = new Int32Array(shards.reduce((total, shard) => total + shard.length, 0));
  let row = 0;
  for (const shard of shards) {
    labels.set(shard, row);
    row += shard.length;
  }
  return labels;
}
