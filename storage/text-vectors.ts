import type { Matrix } from '../numerics/tensor.ts';
import { embeddingKeys } from './keys.ts';
import type { ObjectStore } from './object-store.ts';
import { readTensors } from './tensor-files.ts';

/** All texts that were embedded within one profile. */
export interface TextVectors {
  /** [t, dText], unit length */
  readonly vectors: Matrix;
  /** Text id -> row of `vectors`. */
  readonly rowOf: ReadonlyMap<string, number>;
}

export async function readTextVectors(objects: ObjectStore, profileId: string): Promise<TextVectors> {
  const parts = await objects.list(embeddingKeys.vectorsPrefix(profileId));
  const files = await Promise.all(parts.map(({ key }) => readTensors(objects, key)));
  const matrices = files.map((file) => file.matrix('vectors'));
  const columns = matrices[0]?.columns ?? 0;
  const data = new Float32Array(matrices.reduce((total, { rows }) => total + rows, 0) * columns);
  const rowOf = new Map<string, number>();
  let row = 0;
  files.forEach((file, part) => {
    data.set((matrices[part] as Matrix).data, row * columns);
    for (const textId of file.ids('textIds')) rowOf.set(textId, row++);
  });
  return { vectors: { rows: row, columns, data }, rowOf };
}
