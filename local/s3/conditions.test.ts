import { describe, expect, it } from 'vitest';
import { checkDelete, checkWrite, judgeRead } from './conditions.ts';
import type { KeyVersion, ObjectVersion } from './records.ts';

const MODIFIED_MS = Date.UTC(2024, 0, 1, 12, 0, 0, 500);
const SAME_SECOND = 'Mon, 01 Jan 2024 12:00:00 GMT';
const BEFORE = 'Mon, 01 Jan 2024 11:59:59 GMT';
const object = { kind: 'object', key: 'k', etag: 'abc', lastModifiedMs: MODIFIED_MS } as ObjectVersion;
const marker: KeyVersion = { kind: 'marker', key: 'k', versionId: '1', lastModifiedMs: MODIFIED_MS };

describe('judgeRead', () => {
  // RFC 9110, section 13.2.2, and the two combinations that GetObject documents.
  it.each([
    [{}, 'Proceed'],
    [{ ifMatch: '"abc"' }, 'Proceed'],
    [{ ifMatch: 'abc' }, 'Proceed'],
    [{ ifMatch: '"x", "abc"' }, 'Proceed'],
    [{ ifMatch: '*' }, 'Proceed'],
    [{ ifMatch: '"x"' }, 'PreconditionFailed'],
    [{ ifNoneMatch: '"abc"' }, 'NotModified'],
    [{ ifNoneMatch: 'W/"abc"' }, 'NotModified'],
    [{ ifNoneMatch: '"x"' }, 'Proceed'],
    [{ ifModifiedSince: SAME_SECOND }, 'NotModified'],
    [{ ifModifiedSince: BEFORE }, 'Proceed'],
    [{ ifModifiedSince: 'yesterday' }, 'Proceed'],
    [{ ifUnmodifiedSince: SAME_SECOND }, 'Proceed'],
    [{ ifUnmodifiedSince: BEFORE }, 'PreconditionFailed'],
    [{ ifMatch: '"abc"', ifUnmodifiedSince: BEFORE }, 'Proceed'],
    [{ ifNoneMatch: '"abc"', ifModifiedSince: BEFORE }, 'NotModified'],
    [{ ifNoneMatch: '"x"', ifModifiedSince: SAME_SECOND }, 'Proceed'],
  ])('%j: %s', (conditions, verdict) => {
    expect(judgeRead(conditions, object)).toBe(verdict);
  });
});

function codeOf(check: () => void): string {
  try {
    check();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'fulfilled';
}

describe('checkWrite', () => {
  it.each([
    [{ ifNoneMatch: '*' }, undefined, 'fulfilled'],
    [{ ifNoneMatch: '*' }, marker, 'fulfilled'],
    [{ ifNoneMatch: '*' }, object, 'PreconditionFailed'],
    [{ ifMatch: '"abc"' }, object, 'fulfilled'],
    [{ ifMatch: '"x"' }, object, 'PreconditionFailed'],
    [{ ifMatch: '"abc"' }, undefined, 'NoSuchKey'],
    [{ ifMatch: '"abc"' }, marker, 'NoSuchKey'],
  ] as const)('%j on %j: %s', (condition, current, outcome) => {
    expect(codeOf(() => checkWrite(condition, 'k', current))).toBe(outcome);
  });
});

describe('checkDelete', () => {
  it.each([
    ['*', object, 'fulfilled'],
    ['"abc"', object, 'fulfilled'],
    ['"x"', object, 'PreconditionFailed'],
    ['*', marker, 'PreconditionFailed'],
    ['*', undefined, 'NoSuchKey'],
  ] as const)('%s on %j: %s', (ifMatch, current, outcome) => {
    expect(codeOf(() => checkDelete(ifMatch, 'k', current))).toBe(outcome);
  });
});
