import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningS3, startS3 } from '../local/s3/server.ts';
import { type ScriptedService, startScriptedService } from '../test/harness/scripted-service.ts';
import { CorruptRecordError, NotStoredError, StorageUnavailableError } from './errors.ts';
import { ObjectStore } from './object-store.ts';

/** Answers as the S3 API reference has them: "Error responses" and GetObject. */

let service: ScriptedService;
let store: ObjectStore;

beforeEach(async () => {
  service = await startScriptedService('s3');
  store = new ObjectStore('data', service.access);
});
afterEach(async () => {
  store.close();
  await service.close();
});

const error = (code: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>m</Message></Error>`;

test('an object is fetched whole, its key encoded as Signature Version 4 encodes it, with the session token', async () => {
  service.answer = () => ({ status: 200, body: '{"a":1}' });
  expect(await store.getJson("runs/x y+z!*'()/ü.json", (value) => value)).toEqual({ a: 1 });
  expect(service.requests[0]?.url).toBe('/data/runs/x%20y%2Bz%21%2A%27%28%29/%C3%BC.json');
  expect(service.requests[0]?.headers['x-amz-security-token']).toBe('session');
});

test('an object that is not there is NotStoredError, or found to be nothing', async () => {
  service.answer = () => ({ status: 404, body: error('NoSuchKey') });
  await expect(store.get('a')).rejects.toBeInstanceOf(NotStoredError);
  expect(await store.findJson('a', (value) => value)).toBeUndefined();
});

test('what is not JSON is CorruptRecordError', async () => {
  service.answer = () => ({ status: 200, body: 'nonsense' });
  await expect(store.getJson('a', (value) => value)).rejects.toBeInstanceOf(CorruptRecordError);
});

test('a bucket that slows callers down is asked again, five times at most', async () => {
  service.answer = (_request, attempt) =>
    attempt < 5 ? { status: 503, body: error('SlowDown') } : { status: 200, body: '{}' };
  expect(await store.getJson('a', (value) => value)).toEqual({});
  service.answer = () => ({ status: 503, body: error('SlowDown') });
  await expect(store.get('a')).rejects.toBeInstanceOf(StorageUnavailableError);
  expect(service.requests.length).toBe(10);
});

test('a denial is told at once, by name', async () => {
  service.answer = () => ({ status: 403, body: error('AccessDenied') });
  await expect(store.get('a')).rejects.toMatchObject({ name: 'AccessDenied', status: 403 });
  expect(service.requests.length).toBe(1);
});

test('requests after one another share a connection', async () => {
  for (let i = 0; i < 3; i += 1) await store.get('a');
  expect(service.connections()).toBe(1);
});

test('a body that ends before its length is an error of the store, which the caller may try again', async () => {
  service.answer = () => ({ status: 200, body: 'half', missingBytes: 4 });
  const read = async () => {
    for await (const _ of await store.stream('a'));
  };
  await expect(read()).rejects.toBeInstanceOf(StorageUnavailableError);
});

describe('with the embedded S3', () => {
  let folder: string;
  let s3: RunningS3;
  let objects: ObjectStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'object-store-'));
    const credentials = { accessKeyId: 'AK', secretAccessKey: 'secret' };
    s3 = await startS3({
      dataDir: folder,
      port: 0,
      buckets: [{ name: 'data', versioned: true }],
      credentials: new Map([['AK', credentials]]),
      region: 'eu-west-1',
      clock: Date.now,
      onEvent: () => {},
    });
    objects = new ObjectStore('data', { endpoint: s3.url, region: 'eu-west-1', credentials });
  });
  afterEach(async () => {
    objects.close();
    await s3.close();
    await rm(folder, { recursive: true });
  });

  test('objects come back as they were put, under keys of any characters, and are listed in their order', async () => {
    const keys = ['in/../up', 'in//x', 'in/a b+c&<d>\'"%41', 'in/line\nfeed', 'in/ü 漢字 😀'];
    for (const key of keys) await objects.put(key, Buffer.from(key), 'text/plain');
    for (const key of keys) expect(Buffer.from(await objects.get(key)).toString()).toBe(key);
    const listed = await objects.list('in/');
    expect(listed.map(({ key }) => key)).toEqual(keys);
    expect(listed[0]).toEqual({
      key: 'in/../up',
      sizeBytes: 8,
      etag: createHash('md5').update('in/../up').digest('hex'),
      modifiedAtMs: expect.closeTo(Date.now(), -5),
    });
    expect(await objects.list('out/')).toEqual([]);
  });

  test('1,001 objects are listed over two pages', async () => {
    const keys = Array.from({ length: 1001 }, (_, at) => `page/${String(at).padStart(4, '0')}`);
    await Promise.all(keys.map((key) => objects.put(key, '')));
    expect((await objects.list('page/')).map(({ key }) => key)).toEqual(keys);
  });

  test('what is there is not written over on request', async () => {
    expect(await objects.putJsonIfAbsent('once', 1)).toBe(true);
    expect(await objects.putJsonIfAbsent('once', 2)).toBe(false);
    expect(await objects.getJson('once', (value) => value)).toBe(1);
  });

  test('an older version is found and streamed by its id', async () => {
    await objects.put('twice', 'first');
    const { versionId, sizeBytes } = await objects.head('twice');
    await objects.put('twice', 'second time');
    expect([sizeBytes, (await objects.head('twice')).sizeBytes]).toEqual([5, 11]);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await objects.stream('twice', versionId)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('first');
    await expect(objects.head('never')).rejects.toBeInstanceOf(NotStoredError);
    await expect(objects.stream('never')).rejects.toBeInstanceOf(NotStoredError);
  });
});
