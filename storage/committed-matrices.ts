import { type MatrixCommit, matrixCommitSchema } from '../contracts/matrices.ts';
import { matricesPrefix, matrixKeys } from './keys.ts';
import type { ObjectStore } from './object-store.ts';

/** Throws NotStoredError where no such matrix was taken in. */
export async function readMatrixCommit(objects: ObjectStore, matrixId: string): Promise<MatrixCommit> {
  return objects.getJson(matrixKeys.commit(matrixId), (value) => matrixCommitSchema.parse(value));
}

/** Whether an accepted matrix was dropped after this one: then that one is what its team wants segmented. */
export async function hasNewerMatrix(objects: ObjectStore, own: MatrixCommit): Promise<boolean> {
  // A commit is written after its drop, so that whatever is older than this drop is no newer matrix.
  const keys = (await objects.list(matricesPrefix)).filter(({ modifiedAtMs }) => modifiedAtMs >= own.modifiedAtMs);
  const others = await Promise.all(
    keys.map(({ key }) => objects.getJson(key, (value) => matrixCommitSchema.parse(value))),
  );
  return others.some((other) => other.status === 'accepted' && compareAge(other, own) > 0);
}

/** S3 tells times in whole seconds: of two pairs dropped within one, that committed later is the newer. */
function compareAge(a: MatrixCommit, b: MatrixCommit): number {
  return a.modifiedAtMs - b.modifiedAtMs || compare(a.committedAt, b.committedAt) || compare(a.matrixId, b.matrixId);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
