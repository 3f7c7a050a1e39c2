import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listObjects, listVersions } from './listing.ts';
import type { KeyVersion } from './records.ts';
import { S3State } from './state.ts';

const BUCKET = { name: 'b', createdMs: 0, versioning: 'Enabled' } as const;

function stateOf(versions: readonly { key: string; versionId: string; marker?: boolean }[]): S3State {
  const state = new S3State();
  state.apply({ type: 'bucket', bucket: BUCKET });
  for (const { key, versionId, marker } of versions) {
    const version: KeyVersion =
      marker === true
        ? { kind: 'marker', key, versionId, lastModifiedMs: 0 }
        : {
            kind: 'object',
            key,
            versionId,
            lastModifiedMs: 0,
            etag: 'e',
            sizeBytes: 0,
            segments: [],
            multipart: false,
            checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' },
            headers: {},
            metadata: {},
            encryption: { algorithm: 'AES256' },
          };
    state.apply({ type: 'version', bucket: 'b', version, sequence: 1 });
  }
  return state;
}

const objects = (...keys: string[]) => stateOf(keys.map((key) => ({ key, versionId: 'null' }))).contents('b');

function allPages(
  contents: ReturnType<typeof objects>,
  query: { prefix: string; delimiter: string; maxKeys: number; startAfter?: string },
) {
  const pages: string[][] = [];
  for (let continuationToken: string | undefined; ; ) {
    const page = listObjects(contents, { ...query, continuationToken });
    pages.push([...page.objects.map(({ key }) => key), ...page.commonPrefixes]);
    continuationToken = page.nextContinuationToken;
    if (continuationToken === undefined) return pages;
  }
}

describe('listObjects', () => {
  it('rolls keys up as the user guide shows ("Organizing objects using prefixes")', () => {
    const contents = objects(
      'sample.jpg',
      'photos/2006/January/sample.jpg',
      'photos/2006/February/sample2.jpg',
      'photos/2006/February/sample3.jpg',
    );
    const root = listObjects(contents, { prefix: '', delimiter: '/', maxKeys: 1000 });
    expect([root.objects.map(({ key }) => key), root.commonPrefixes]).toEqual([['sample.jpg'], ['photos/']]);
    const year = listObjects(contents, { prefix: 'photos/2006/', delimiter: '/', maxKeys: 1000 });
    expect(year.commonPrefixes).toEqual(['photos/2006/February/', 'photos/2006/January/']);
  });

  it('pages through exactly what a listing by hand gives, in order, without repeating a prefix', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u{1f600}', '\uffee'), minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 30 }),
        fc.constantFrom('', 'a', 'a/', '/'),
        fc.constantFrom('', '/', 'b/'),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(undefined, 'a', 'a/b'),
        (keys, prefix, delimiter, maxKeys, startAfter) => {
          const entries = keys
            .filter(
              (one) =>
                one.startsWith(prefix) &&
                (startAfter === undefined || Buffer.compare(Buffer.from(one), Buffer.from(startAfter)) > 0),
            )
            .map((one) => {
              const cut = delimiter === '' ? -1 : one.slice(prefix.length).indexOf(delimiter);
              return cut < 0 ? one : one.slice(0, prefix.length + cut + delimiter.length);
            });
          const expected = [...new Set(entries)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          const pages = allPages(objects(...keys), {
            prefix,
            delimiter,
            maxKeys,
            ...(startAfter === undefined ? {} : { startAfter }),
          });
          expect(pages.flat().sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))).toEqual(expected);
          expect(pages.slice(0, -1).every((page) => page.length === maxKeys)).toBe(true);
        },
      ),
    );
  });

  it('hides keys whose current version is a delete marker', () => {
    const state = stateOf([
      { key: 'a', versionId: '1' },
      { key: 'b', versionId: '2' },
      { key: 'a', versionId: '3', marker: true },
    ]);
    expect(
      listObjects(state.contents('b'), { prefix: '', delimiter: '', maxKeys: 10 }).objects.map(({ key }) => key),
    ).toEqual(['b']);
  });

  it('answers no keys when asked for none, and refuses a token that is not its own', () => {
    expect(listObjects(objects('a'), { prefix: '', delimiter: '', maxKeys: 0 })).toEqual({
      objects: [],
      commonPrefixes: [],
      nextContinuationToken: undefined,
    });
    for (const continuationToken of [
      '',
      'nonsense',
      Buffer.from('{}').toString('base64url'),
      Buffer.from('null').toString('base64url'),
    ]) {
      expect(() => listObjects(objects('a'), { prefix: '', delimiter: '', maxKeys: 1, continuationToken })).toThrow(
        expect.objectContaining({ code: 'InvalidArgument' }),
      );
    }
  });
});

describe('listVersions', () => {
  const state = stateOf([
    { key: 'a', versionId: '1' },
    { key: 'b', versionId: '2' },
    { key: 'a', versionId: '3' },
    { key: 'a', versionId: '4', marker: true },
  ]);

  it('gives each key newest first, and says which version is the latest', () => {
    const { versions } = listVersions(state.contents('b'), { prefix: '', maxKeys: 10 });
    expect(versions.map(({ key, versionId, isLatest, kind }) => [key, versionId, isLatest, kind])).toEqual([
      ['a', '4', true, 'marker'],
      ['a', '3', false, 'object'],
      ['a', '1', false, 'object'],
      ['b', '2', true, 'object'],
    ]);
  });

  it('goes on within a key', () => {
    const first = listVersions(state.contents('b'), { prefix: '', maxKeys: 2 });
    expect(first.next).toEqual({ keyMarker: 'a', versionIdMarker: '3' });
    const second = listVersions(state.contents('b'), { prefix: '', maxKeys: 2, ...first.next });
    expect([second.versions.map(({ versionId }) => versionId), second.next]).toEqual([['1', '2'], undefined]);
    expect(
      listVersions(state.contents('b'), { prefix: '', maxKeys: 2, keyMarker: 'a' }).versions.map(({ key }) => key),
    ).toEqual(['b']);
  });
});
