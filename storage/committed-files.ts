import { type ImportCommit, importCommitSchema } from '../contracts/imports.ts';
import { commitPrefix, importsPrefix, inboxPrefix } from './keys.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';

const concurrentReads = 16;

/** Files in the inbox whose bytes have not been committed yet: their event is late or was lost, or ingest is at work on them. */
export async function listUncommitted(objects: ObjectStore): Promise<StoredObject[]> {
  const [inbox, commits] = await Promise.all([objects.list(inboxPrefix), objects.list(importsPrefix)]);
  const committed = new Set(
    commits.map(({ key }) => key.slice(0, key.lastIndexOf('.', key.length - '.json'.length - 1) + 1)),
  );
  return inbox.filter(({ key, etag }) => !key.endsWith('/') && !committed.has(commitPrefix(key, etag)));
}

export async function readCommit(objects: ObjectStore, key: string): Promise<ImportCommit> {
  return objects.getJson(key, (value) => importCommitSchema.parse(value));
}

/** Every commit there is, in no particular order. */
export async function readCommits(objects: ObjectStore): Promise<ImportCommit[]> {
  const keys = (await objects.list(importsPrefix)).map(({ key }) => key);
  const commits: ImportCommit[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let key = keys[next++]; key !== undefined; key = keys[next++]) commits.push(await readCommit(objects, key));
  };
  await Promise.all(Array.from({ length: concurrentReads }, worker));
  return commits;
}
