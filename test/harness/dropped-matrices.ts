import { ingestMatrices } from '../../functions/triggers/ingest-matrix.ts';
import { writeNpy } from '../../numerics/npy/npy.ts';
import { pseudonymOf } from './dropped-files.ts';
import type { EmbeddedStores } from './embedded-stores.ts';

type TakenIn = Awaited<ReturnType<typeof ingestMatrices>>[number];

/** Takes in what the event of an object under `vectors-inbox/` is about; without one, what the daily schedule finds. */
export function takeInMatrices(stores: EmbeddedStores, partitions: number, objectKey?: string): Promise<TakenIn[]> {
  const { objects, identities, nowMs } = stores;
  return ingestMatrices({ objectKey }, { objects, identities, pseudonymOf, partitions, nowMs });
}

/** Drops one object of a pair and takes in what there is, a second after whatever was before. */
export async function dropHalf(
  stores: EmbeddedStores,
  partitions: number,
  name: string,
  body: string | Uint8Array,
): Promise<TakenIn> {
  stores.advance(1000);
  const objectKey = `vectors-inbox/${name}`;
  await stores.objects.put(objectKey, body);
  const [takenIn] = await takeInMatrices(stores, partitions, objectKey);
  return takenIn as TakenIn;
}

/** Drops a matrix and its ids: a row of numbers by id. */
export async function dropMatrix(
  stores: EmbeddedStores,
  partitions: number,
  name: string,
  vectors: Readonly<Record<string, readonly number[]>>,
): Promise<TakenIn> {
  await dropHalf(stores, partitions, `${name}.npy`, npyOf(Object.values(vectors)));
  return dropHalf(stores, partitions, `${name}.ids.txt`, Object.keys(vectors).join('\n'));
}

export function npyOf(rows: readonly (readonly number[])[]): Uint8Array {
  const data = Float32Array.from(rows.flat());
  return writeNpy({ rows: rows.length, columns: rows[0]?.length ?? 0, data });
}
