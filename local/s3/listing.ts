import { S3Error } from './errors.ts';
import type { KeyVersion, ObjectVersion } from './records.ts';
import { compareUtf8 } from './sorted-keys.ts';
import type { BucketContents } from './state.ts';

export interface ListQuery {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  /** 0 to 1,000. */
  readonly maxKeys: number;
  readonly startAfter?: string | undefined;
  readonly continuationToken?: string | undefined;
}

export interface ListPage {
  readonly objects: readonly ObjectVersion[];
  readonly commonPrefixes: readonly string[];
  readonly nextContinuationToken: string | undefined;
}

/**
 * A page of a bucket's current objects in UTF-8 order, keys that share a prefix up to the delimiter rolled up into one entry (ListObjectsV2).
 * A common prefix costs one search, however many keys it stands for.
 * @throws S3Error InvalidArgument on a continuation token that this function did not make
 */
export function listObjects({ keys, versions }: BucketContents, query: ListQuery): ListPage {
  const { prefix, delimiter, maxKeys, startAfter, continuationToken } = query;
  const objects: ObjectVersion[] = [];
  const commonPrefixes: string[] = [];
  const position = continuationToken === undefined ? { key: startAfter ?? '' } : readToken(continuationToken);
  let isBefore = isBeforePage(prefix, position);
  let last: Position | undefined;
  if (maxKeys === 0) return { objects, commonPrefixes, nextContinuationToken: undefined };
  for (;;) {
    const key = firstCurrent(isBefore);
    if (key === undefined || !key.startsWith(prefix))
      return { objects, commonPrefixes, nextContinuationToken: undefined };
    if (objects.length + commonPrefixes.length === maxKeys)
      return { objects, commonPrefixes, nextContinuationToken: writeToken(last!) };
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut >= 0) {
      last = { prefix: key.slice(0, cut + delimiter.length) };
      commonPrefixes.push(last.prefix);
    } else {
      last = { key };
      objects.push(versions.get(key)![0] as ObjectVersion);
    }
    isBefore = isAtOrBefore(last);
  }

  function firstCurrent(before: (key: string) => boolean): string | undefined {
    const first = keys.firstNot(before);
    if (first === undefined || versions.get(first)![0]!.kind === 'object') return first;
    for (const key of keys.from(before)) {
      if (versions.get(key)![0]!.kind === 'object') return key;
    }
    return undefined;
  }
}

export interface ListVersionsQuery {
  readonly prefix: string;
  readonly maxKeys: number;
  readonly keyMarker?: string | undefined;
  readonly versionIdMarker?: string | undefined;
}

export interface ListVersionsPage {
  readonly versions: readonly (KeyVersion & { readonly isLatest: boolean })[];
  readonly next: { readonly keyMarker: string; readonly versionIdMarker: string } | undefined;
}

/** A page of all versions and delete markers: keys in UTF-8 order, each key's newest version first (ListObjectVersions). */
export function listVersions({ keys, versions }: BucketContents, query: ListVersionsQuery): ListVersionsPage {
  const { prefix, maxKeys, keyMarker, versionIdMarker } = query;
  const page: (KeyVersion & { isLatest: boolean })[] = [];
  if (maxKeys === 0) return { versions: page, next: undefined };
  const within = versionIdMarker !== undefined && keyMarker !== undefined;
  const isBefore = (key: string) =>
    compareUtf8(key, prefix) < 0 ||
    (keyMarker !== undefined && (within ? compareUtf8(key, keyMarker) < 0 : compareUtf8(key, keyMarker) <= 0));
  for (const key of keys.from(isBefore)) {
    if (!key.startsWith(prefix)) break;
    const ofKey = versions.get(key)!;
    const seen =
      within && key === keyMarker ? ofKey.findIndex(({ versionId }) => versionId === versionIdMarker) + 1 : 0;
    for (let i = seen; i < ofKey.length; i++) {
      const last = page.at(-1);
      if (page.length === maxKeys)
        return { versions: page, next: { keyMarker: last!.key, versionIdMarker: last!.versionId } };
      page.push({ ...ofKey[i]!, isLatest: i === 0 });
    }
  }
  return { versions: page, next: undefined };
}

/** Where a page ended: at a key, or with all keys under a common prefix. */
type Position = { readonly key: string } | { readonly prefix: string };

function isBeforePage(prefix: string, position: Position): (key: string) => boolean {
  const done = isAtOrBefore(position);
  return (key) => compareUtf8(key, prefix) < 0 || done(key);
}

function isAtOrBefore(position: Position): (key: string) => boolean {
  if ('key' in position) return (key) => compareUtf8(key, position.key) <= 0;
  return (key) => compareUtf8(key, position.prefix) <= 0 || key.startsWith(position.prefix);
}

function writeToken(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function readToken(token: string): Position {
  try {
    const position = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (typeof position.key === 'string' || typeof position.prefix === 'string') return position;
  } catch (cause) {
    throw invalidToken(cause);
  }
  throw invalidToken(undefined);
}

function invalidToken(cause: unknown): S3Error {
  return new S3Error('InvalidArgument', 'The continuation token provided is incorrect', {
    cause,
    details: { ArgumentName: 'continuation-token' },
  });
}
