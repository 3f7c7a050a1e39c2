import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WriteCondition } from './conditions.ts';
import type { IncomingContent } from './contents.ts';
import { openDiskStore } from './disk-store.ts';
import { S3Engine } from './engine.ts';
import type { S3Event } from './events.ts';
import type { ObjectAttributes, ObjectVersion } from './records.ts';

const ATTRIBUTES: ObjectAttributes = {
  headers: { 'content-type': 'text/plain' },
  metadata: { a: 'b' },
  encryption: { algorithm: 'AES256' },
};
const K = { bucket: 'box', key: 'k' };

let dataDir: string;
let nowMs: number;
let ids: number;
let events: S3Event[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 's3-engine-'));
  nowMs = Date.UTC(2024, 0, 1);
  ids = 0;
  events = [];
});
afterEach(() => rmSync(dataDir, { recursive: true }));

async function openEngine(versioned = false): Promise<S3Engine> {
  const engine = await S3Engine.open({
    store: openDiskStore({ dataDir, fsync: false }),
    clock: () => nowMs,
    newId: () => (ids++).toString(16).padStart(32, '0'),
    onEvent: (event) => events.push(event),
  });
  await engine.ensureBucket('box', versioned);
  return engine;
}

function content(text: string, before: Promise<unknown> = Promise.resolve()): IncomingContent {
  return {
    chunks: (async function* () {
      await before;
      yield Buffer.from(text);
    })(),
    sentAlgorithm: undefined,
    sha256Signed: false,
    expected: () => ({ sizeBytes: Buffer.byteLength(text) }),
  };
}

const put = (engine: S3Engine, text: string, condition?: WriteCondition) =>
  engine.putObject(K, content(text), ATTRIBUTES, condition);

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

const read = (engine: S3Engine, versionId?: string) => textOf(engine.read(engine.object(K, versionId)));
const blobs = () => readdirSync(join(dataDir, 'blobs'));

describe('objects', () => {
  it('come back with their attributes, after a kill too', async () => {
    const before = await put(await openEngine(), 'hello');
    expect(before).toMatchObject({
      ...ATTRIBUTES,
      etag: '5d41402abc4b2a76b9719d911017c592',
      sizeBytes: 5,
      versionId: 'null',
      lastModifiedMs: nowMs,
    });
    const engine = await openEngine();
    expect(engine.object(K)).toEqual(before);
    expect(await read(engine)).toBe('hello');
  });

  it('that are overwritten leave nothing on disk, but stay whole for who is reading them', async () => {
    const engine = await openEngine();
    await put(engine, 'first');
    const reading = engine.read(engine.object(K));
    await put(engine, 'second');
    expect(blobs().length).toBe(2);
    expect(await textOf(reading)).toBe('first');
    expect(blobs().length).toBe(1);
    expect(await read(engine)).toBe('second');
  });

  it('whose content is not what was promised leave nothing', async () => {
    const engine = await openEngine();
    const short = { ...content('hello'), expected: () => ({ sizeBytes: 6 }) };
    await expect(engine.putObject(K, short, ATTRIBUTES)).rejects.toMatchObject({ code: 'IncompleteBody' });
    expect(() => engine.object(K)).toThrow(expect.objectContaining({ code: 'NoSuchKey' }));
    expect([blobs(), events]).toEqual([[], []]);
  });

  it('half written when the process died are cleared away at the next start', async () => {
    const engine = await openEngine();
    const { promise, reject } = Promise.withResolvers<void>();
    const dying = engine.putObject(K, content('half', promise), ATTRIBUTES);
    while (blobs().length === 0) await new Promise((resolve) => setImmediate(resolve));
    await openEngine();
    expect(blobs()).toEqual([]);
    reject(new Error('the connection died'));
    await expect(dying).rejects.toThrow('the connection died');
  });

  it('are copied, and a copy of a multipart object is of one part', async () => {
    const engine = await openEngine();
    const { uploadId } = await engine.uploads.create(K, ATTRIBUTES, {
      algorithm: 'CRC64NVME',
      type: 'FULL_OBJECT',
      declared: false,
    });
    const { etag } = await engine.uploads.putPart(K, uploadId, 1, content('hello'));
    const source = await engine.uploads.complete(K, uploadId, [{ partNumber: 1, etag, checksumBase64: undefined }], {});
    // md5(md5('hello')) of Python's hashlib
    expect(source.etag).toBe('62109206880d38a4010a98e11243924a-1');
    const copy = await engine.copyObject(source, { bucket: 'box', key: 'copy' }, ATTRIBUTES, 'CRC32');
    expect(copy).toMatchObject({ etag: '5d41402abc4b2a76b9719d911017c592', checksum: { value: 'NhCmhg==' } });
    await engine.deleteObject(K);
    expect(await textOf(engine.read(copy))).toBe('hello');
  });
});

describe('conditional writes', () => {
  it('let one of many concurrent creators win', async () => {
    const engine = await openEngine();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => put(engine, `writer ${i}`, { ifNoneMatch: '*' })),
    );
    const won = outcomes.filter(({ status }) => status === 'fulfilled');
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'won')).sort();
    expect(codes).toEqual([...Array(7).fill('PreconditionFailed'), 'won']);
    expect(engine.object(K).etag).toBe((won[0] as PromiseFulfilledResult<ObjectVersion>).value.etag);
    expect([blobs().length, events.length]).toEqual([1, 1]);
  });

  it('let one of two concurrent swaps win', async () => {
    const engine = await openEngine();
    const { etag } = await put(engine, 'old');
    const outcomes = await Promise.allSettled(['x', 'y'].map((text) => put(engine, text, { ifMatch: etag })));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('conflict with a deletion that comes between', async () => {
    const engine = await openEngine();
    const { etag } = await put(engine, 'old');
    const { promise, resolve } = Promise.withResolvers<void>();
    const swap = engine.putObject(K, content('new', promise), ATTRIBUTES, { ifMatch: etag });
    await engine.deleteObject(K);
    resolve();
    await expect(swap).rejects.toMatchObject({ code: 'ConditionalRequestConflict', status: 409, retryable: true });
  });

  it('are refused before the content is read', async () => {
    const engine = await openEngine();
    await put(engine, 'old');
    let started = false;
    const chunks = (async function* () {
      started = true;
      yield Buffer.from('new');
    })();
    const untouched = { ...content('new'), chunks };
    await expect(engine.putObject(K, untouched, ATTRIBUTES, { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'PreconditionFailed',
    });
    expect(started).toBe(false);
  });
});

describe('versions', () => {
  it('stay readable under delete markers, and come back when the marker goes', async () => {
    const engine = await openEngine(true);
    const [first, second] = [await put(engine, 'one'), await put(engine, 'two')];
    const { versionId: marker } = await engine.deleteObject(K);
    expect(() => engine.object(K)).toThrow(
      expect.objectContaining({
        code: 'NoSuchKey',
        headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker },
      }),
    );
    expect(() => engine.object(K, marker)).toThrow(expect.objectContaining({ code: 'MethodNotAllowed' }));
    expect(await read(engine, first.versionId)).toBe('one');
    expect(await engine.deleteObject(K, marker)).toEqual({ deleteMarker: true, versionId: marker });
    expect(await read(engine)).toBe('two');
    await engine.deleteObject(K, second.versionId);
    expect(await read(await openEngine(true))).toBe('one');
  });

  it('that do not exist are named so, and one that cannot exist is refused', async () => {
    const engine = await openEngine(true);
    await put(engine, 'one');
    expect(() => engine.object(K, 'f'.repeat(32))).toThrow(expect.objectContaining({ code: 'NoSuchVersion' }));
    expect(() => engine.object(K, 'no such')).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
    expect(await engine.deleteObject(K, 'f'.repeat(32))).toEqual({ deleteMarker: false, versionId: 'f'.repeat(32) });
  });

  it('end when versioning is suspended: the null version is replaced, the others stay ("Working with objects in a versioning-suspended bucket")', async () => {
    const kept = await put(await openEngine(true), 'kept');
    const engine = await openEngine(false);
    await put(engine, 'null one');
    expect((await put(engine, 'null two')).versionId).toBe('null');
    expect(engine.listVersions('box', { prefix: '', maxKeys: 10 }).versions.map(({ versionId }) => versionId)).toEqual([
      'null',
      kept.versionId,
    ]);
    expect(await engine.deleteObject(K)).toEqual({ deleteMarker: true, versionId: 'null' });
    expect(
      engine.listVersions('box', { prefix: '', maxKeys: 10 }).versions.map(({ kind, versionId }) => [kind, versionId]),
    ).toEqual([
      ['marker', 'null'],
      ['object', kept.versionId],
    ]);
  });
});

describe('events', () => {
  it('tell of every change to an object, in an order that outlives a restart', async () => {
    const engine = await openEngine();
    await put(engine, 'hello');
    await engine.deleteObject(K);
    await engine.deleteObject(K);
    nowMs += 1000;
    await put(await openEngine(true), 'again');
    await (await openEngine(true)).deleteObject(K);
    const [created, deleted, recreated, marked] = events;
    expect(events.length).toBe(4);
    expect(created).toEqual({
      type: 'ObjectCreated',
      ...K,
      versionId: undefined,
      sizeBytes: 5,
      etag: '5d41402abc4b2a76b9719d911017c592',
      reason: 'PutObject',
      sequencer: '000000000000000001',
      atMs: nowMs - 1000,
    });
    expect(deleted).toMatchObject({
      type: 'ObjectDeleted',
      reason: 'DeleteObject',
      deletionType: 'Permanently Deleted',
      versionId: undefined,
    });
    expect(recreated).toMatchObject({ type: 'ObjectCreated', versionId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(marked).toMatchObject({ deletionType: 'Delete Marker Created' });
    const sequencers = events.map(({ sequencer }) => sequencer);
    expect(sequencers).toEqual(sequencers.toSorted());
    expect(new Set(sequencers).size).toBe(4);
  });

  it('keep their order when the journal has been rewritten', async () => {
    const engine = await openEngine();
    for (let i = 0; i < 10; i++) await put(engine, `${i}`);
    await engine.deleteObject(K);
    const reopened = await openEngine();
    await openEngine();
    await put(reopened, 'after');
    expect(Number.parseInt(events.at(-1)!.sequencer, 16)).toBe(12);
    expect(await read(await openEngine())).toBe('after');
  });
});

describe('uploads', () => {
  const start = (engine: S3Engine) =>
    engine.uploads.create(K, ATTRIBUTES, { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', declared: false });

  it('go on after a restart, and leave no parts behind', async () => {
    const { uploadId } = await start(await openEngine());
    const engine = await openEngine();
    await engine.uploads.putPart(K, uploadId, 2, content('replaced'));
    const { etag } = await engine.uploads.putPart(K, uploadId, 2, content('kept'));
    await engine.uploads.putPart(K, uploadId, 3, content('not listed'));
    const listed = [{ partNumber: 2, etag, checksumBase64: undefined }];
    await (await openEngine()).uploads.complete(K, uploadId, listed, {});
    const reopened = await openEngine();
    expect([await read(reopened), blobs().length]).toEqual(['kept', 1]);
    expect(events.at(-1)).toMatchObject({ reason: 'CompleteMultipartUpload', sizeBytes: 4 });
    expect(() => reopened.uploads.find(K, uploadId)).toThrow(expect.objectContaining({ code: 'NoSuchUpload' }));
  });

  it('that are aborted leave nothing, not even a part that arrives late', async () => {
    const engine = await openEngine();
    const { uploadId } = await start(engine);
    await engine.uploads.putPart(K, uploadId, 1, content('early'));
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = engine.uploads.putPart(K, uploadId, 2, content('late', promise));
    await engine.uploads.abort(K, uploadId);
    resolve();
    await expect(late).rejects.toMatchObject({ code: 'NoSuchUpload' });
    expect(blobs()).toEqual([]);
  });

  it('are another key’s secret', async () => {
    const engine = await openEngine();
    const { uploadId } = await start(engine);
    expect(() => engine.uploads.find({ bucket: 'box', key: 'other' }, uploadId)).toThrow(
      expect.objectContaining({ code: 'NoSuchUpload' }),
    );
  });
});

describe('buckets', () => {
  it('are created once, under S3’s naming rules', async () => {
    const engine = await openEngine();
    await expect(engine.createBucket('b1', false)).rejects.toMatchObject({ code: 'InvalidBucketName' });
    for (const name of ['Upper', 'a..b', '-ab', '192.168.5.4', 'x'.repeat(64)]) {
      await expect(engine.createBucket(name, false)).rejects.toMatchObject({ code: 'InvalidBucketName' });
    }
    await engine.createBucket('good-name', false);
    await expect(engine.createBucket('good-name', false)).rejects.toMatchObject({ code: 'BucketAlreadyOwnedByYou' });
    expect(() => engine.bucket('other')).toThrow(expect.objectContaining({ code: 'NoSuchBucket' }));
  });
});

it('tells again at the next start what the process had no time to tell, also when it tidies the journal then', async () => {
  const told: string[] = [];
  const open = (heardSequencer: string | undefined, onEvent: (event: S3Event) => void) =>
    S3Engine.open({
      store: openDiskStore({ dataDir, fsync: false }),
      clock: () => nowMs,
      newId: () => (ids++).toString(16).padStart(32, '0'),
      onEvent,
      ...(heardSequencer === undefined ? {} : { heardSequencer }),
    });
  const first = await openEngine();
  for (const text of ['1', '2', '3', '4', '5', '6']) await put(first, text);
  await first.deleteObject(K);
  // The process is killed; of seven events the bus had heard five.
  const heard = events[4]!.sequencer;
  await open(heard, (event) => told.push(`${event.type} ${'etag' in event ? event.etag : event.deletionType}`));
  expect(told).toEqual([
    // MD5 of "6".
    'ObjectCreated 1679091c5a880faf6fb5e6087eb1b2dc',
    'ObjectDeleted Permanently Deleted',
  ]);
  await open(undefined, () => expect.unreachable('nothing is told again unless asked for'));
});
