import { S3Error } from './errors.ts';
import type { KeyVersion, ObjectVersion } from './records.ts';

/** The conditional headers of a read (RFC 9110, section 13, as S3's GetObject documents them); dates as sent. */
export interface ReadConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
}

/** The condition of a write: that there is no object, or that the current one has this ETag. */
export type WriteCondition = { readonly ifNoneMatch: '*' } | { readonly ifMatch: string };

type ReadVerdict = 'Proceed' | 'NotModified' | 'PreconditionFailed';

/**
 * "If both If-Match and If-Unmodified-Since are present and If-Match is true, S3 returns 200 OK"; "if both If-None-Match and If-Modified-Since are
 * present and If-None-Match is false, S3 returns 304" (GetObject). A date that cannot be read is ignored (RFC 9110, section 13.1.3).
 */
export function judgeRead(conditions: ReadConditions, { etag, lastModifiedMs }: ObjectVersion): ReadVerdict {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  const modifiedMs = Math.floor(lastModifiedMs / 1000) * 1000;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, etag)) return 'PreconditionFailed';
  } else if (ifUnmodifiedSince !== undefined && modifiedMs > Date.parse(ifUnmodifiedSince)) {
    return 'PreconditionFailed';
  }
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, etag) ? 'NotModified' : 'Proceed';
  return ifModifiedSince !== undefined && modifiedMs <= Date.parse(ifModifiedSince) ? 'NotModified' : 'Proceed';
}

/**
 * "How to prevent object overwrites with conditional writes" (S3 User Guide): If-None-Match fails with 412 on an object; If-Match fails with
 * 412 on another ETag and with 404 where there is no object or only a delete marker.
 * @throws S3Error PreconditionFailed, NoSuchKey
 */
export function checkWrite(condition: WriteCondition, key: string, current: KeyVersion | undefined): void {
  if ('ifNoneMatch' in condition) {
    if (current?.kind === 'object') throw preconditionFailed('If-None-Match');
  } else {
    if (current?.kind !== 'object') throw noSuchKey(key);
    if (!matches(condition.ifMatch, current.etag)) throw preconditionFailed('If-Match');
  }
}

/**
 * "How to perform conditional deletes" (S3 User Guide): the current version must be an object, with this ETag unless `*` is given.
 * @throws S3Error PreconditionFailed, NoSuchKey
 */
export function checkDelete(ifMatch: string, key: string, current: KeyVersion | undefined): void {
  if (current === undefined) throw noSuchKey(key);
  if (current.kind === 'marker' || !matches(ifMatch, current.etag)) throw preconditionFailed('If-Match');
}

function matches(list: string, etag: string): boolean {
  return list.split(',').some((entry) => {
    const value = entry.trim().replace(/^W\//, '');
    return value === '*' || value.replace(/^"(.*)"$/, '$1') === etag;
  });
}

export function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    details: { Condition: condition },
  });
}

export function noSuchKey(key: string, headers: Readonly<Record<string, string>> = {}): S3Error {
  return new S3Error('NoSuchKey', 'The specified key does not exist.', { details: { Key: key }, headers });
}
