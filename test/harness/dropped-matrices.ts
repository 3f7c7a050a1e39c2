import { ingestMatrix } from '../../functions/triggers/ingest-matrix.ts';
import { writeNpy } from '../../numerics/npy/npy.ts';
import { pseudonymOf } from './dropped-files.ts';
import type { EmbeddedStores } from './embedded-stores.ts';

/** Takes in what the event of an object under `vectors-inbox/` is about. */
export function takeInMatrix(
  stores: EmbeddedStores,
  partitions: number,
  objectKey: string,
): ReturnType<typeof ingestMatrix> {
  const { objects, identities, nowMs } = stores;
  return ingestMatrix({ objectKey }, { objects, identities, pseudonymOf, partitions, nowMs });
}

/** Drops one object of a pair and takes in what there is, a second after whatever was before. */
export async function dropHalf(
  stores: EmbeddedStores,
  partitions: number,
  name: string,
  body: string | Uint8Array,
): ReturnType<typeof ingestMatrix> {
  stores.advance(1000);
  const objectKey = `vectors-inbox/${name}`;
  await stores.objects.put(objectKey, body);
  return takeInMatrix(stores, partitions, objectKey);
}

/** Drops a matrix and its ids: a row of numbers by id. */
export async function dropMatrix(
  stores: EmbeddedStores,
  partitions: number,
  name: string,
  vectors: Readonly<Record<string, readonly number[]>>,
): ReturnType<typeof ingestMatrix> {
  await dropHalf(stores, partitions, `${name}.npy`, npyOf(Object.values(vectors)));
  return dropHalf(stores, partitions, `${name}.ids.txt`, Object.keys(vectors).join('\n'));
}

export function npyOf(rows: readonly (readonly number[])[]): Uint8Array {
  const data = Float32Array.from(rows.flat());
  return writeNpy({ rows: rows.length, columns: rows[0]?.length ?? 0, data });
}
