import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { S3Event } from './events.ts';
import { type RunningS3, startS3 } from './server.ts';

/**
 * The documented behaviour of S3, asked through the AWS SDK. By default of the embedded S3; with REMOTE=1 of the real one (or of whatever
 * AWS_ENDPOINT_URL_S3 names), in the buckets KINDRED_S3_BUCKET (not versioned) and KINDRED_S3_VERSIONED_BUCKET of the default credentials
 * and region. Objects are left under one prefix.
 */
const remote = process.env['REMOTE'] === '1';
const bucket = remote ? requiredEnvironment('KINDRED_S3_BUCKET') : 'plain-bucket';
const versionedBucket = remote ? requiredEnvironment('KINDRED_S3_VERSIONED_BUCKET') : 'versioned-bucket';
const prefix = `conformance/${randomUUID()}/`;

const SECRETS = new Map([
  ['AKOWNER', { secretAccessKey: 'owner-secret' }],
  ['AKVISITOR', { secretAccessKey: 'visitor-secret', sessionToken: 'visitor-token' }],
]);
const OWNER = { accessKeyId: 'AKOWNER', secretAccessKey: 'owner-secret' };

let server: RunningS3 | undefined;
let dataDir: string;
let client: S3Client;
const events: S3Event[] = [];
const clients: S3Client[] = [];

function requiredEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`REMOTE=1 needs ${name}: the name of a bucket to test in.`);
  return value;
}

async function start(): Promise<void> {
  server = await startS3({
    dataDir,
    port: 0,
    buckets: [
      { name: bucket, versioned: false },
      { name: versionedBucket, versioned: true },
    ],
    credentials: SECRETS,
    region: 'eu-west-1',
    clock: () => Date.now(),
    onEvent: (event) => events.push(event),
    authorize: ({ accessKeyId, action, resource }) => {
      if (accessKeyId === 'AKOWNER') return;
      if (action === 's3:GetObject' && resource.endsWith('/shown')) return;
      throw Object.assign(
        new Error(`${accessKeyId} is not authorized to perform: ${action} on resource: "${resource}"`),
        { code: 'AccessDeniedException' },
      );
    },
  });
}

function connect(config: S3ClientConfig = {}): S3Client {
  const local: S3ClientConfig =
    server === undefined ? {} : { endpoint: server.url, region: 'eu-west-1', credentials: OWNER, forcePathStyle: true };
  const connected = new S3Client({ ...local, maxAttempts: 1, ...config });
  clients.push(connected);
  return connected;
}

beforeAll(async () => {
  if (!remote) {
    dataDir = mkdtempSync(join(tmpdir(), 's3-conformance-'));
    await start();
  }
  client = connect();
});

afterAll(async () => {
  for (const one of clients) one.destroy();
  await server?.close();
  if (!remote) rmSync(dataDir, { recursive: true });
});

const key = (name: string) => `${prefix}${name}`;
const put = (name: string, body: string | Uint8Array = name, more = {}) =>
  client.send(new PutObjectCommand({ Bucket: bucket, Key: key(name), Body: body, ...more }));
const get = (name: string, more = {}) => client.send(new GetObjectCommand({ Bucket: bucket, Key: key(name), ...more }));
const textOf = async (name: string, more = {}) => (await get(name, more)).Body?.transformToString();

interface Refusal {
  readonly name: string;
  readonly status: number | undefined;
}

async function refusalOf(answer: Promise<unknown>): Promise<Refusal> {
  try {
    await answer;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return { name, status: $metadata?.httpStatusCode };
  }
  throw new Error('expected a refusal');
}

/** A presigned URL, made by the SDK's own signer. */
async function presign(
  method: string,
  name: string,
  expiresIn = 60,
  query: Record<string, string> = {},
  signingDate = new Date(),
): Promise<string> {
  const { region, signer } = client.config;
  const target = new URL(
    server?.url ?? process.env['AWS_ENDPOINT_URL_S3'] ?? `https://s3.${await region()}.amazonaws.com`,
  );
  const { host } = target;
  const path = `/${bucket}/${key(name).split('/').map(encodeURIComponent).join('/')}`;
  const headers = { host, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' };
  const signing = await signer({ name: 'sigv4', signingName: 's3', signingRegion: await region(), properties: {} });
  const unsigned = { method, protocol: target.protocol, hostname: target.hostname, path, query, headers };
  const signed = await (
    signing as unknown as { presign(request: typeof unsigned, options: object): Promise<typeof unsigned> }
  ).presign(unsigned, {
    expiresIn,
    signingDate,
  });
  return `${target.protocol}//${host}${path}?${new URLSearchParams(signed.query).toString().replaceAll('+', '%20')}`;
}

describe('PutObject and GetObject', () => {
  it('keep content, headers and user metadata', async () => {
    await put('attributes', 'hello', {
      ContentType: 'text/csv; charset=utf-8',
      ContentEncoding: 'identity',
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="a.csv"',
      ContentLanguage: 'de',
      Metadata: { source: 'shop one', empty: '' },
    });
    const object = await get('attributes');
    expect(await object.Body?.transformToString()).toBe('hello');
    expect(object).toMatchObject({
      ContentType: 'text/csv; charset=utf-8',
      ContentEncoding: 'identity',
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="a.csv"',
      ContentLanguage: 'de',
      ContentLength: 5,
      AcceptRanges: 'bytes',
      ServerSideEncryption: 'AES256',
      ETag: '"5d41402abc4b2a76b9719d911017c592"',
      Metadata: { source: 'shop one', empty: '' },
    });
    expect(Math.abs((object.LastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    'a/../../b',
    './c',
    'd//e/',
    'percent %41 %',
    'line\nfeed',
    'plus + and &=?#',
    'ü 漢字 😀',
    'x'.repeat(800),
  ])('keep the key %j apart from others', async (name) => {
    await put(name, `content of ${name}`);
    expect(await textOf(name)).toBe(`content of ${name}`);
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key(name) }));
    expect(Contents?.map(({ Key }) => Key)).toContain(key(name));
  });

  it('refuse a key longer than 1,024 bytes', async () => {
    expect(
      await refusalOf(
        client.send(new PutObjectCommand({ Bucket: bucket, Key: 'ü'.repeat(513), Body: new Uint8Array() })),
      ),
    ).toEqual({ name: 'KeyTooLongError', status: 400 });
  });

  it('take the SDK’s streaming upload, aws-chunked with a checksum behind it', async () => {
    const content = randomBytes(300_000);
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key('streamed'),
        Body: Readable.from([content.subarray(0, 70_000), content.subarray(70_000)]),
        ContentLength: content.length,
      }),
    );
    const object = await get('streamed');
    expect(Buffer.from((await object.Body?.transformToByteArray()) ?? [])).toEqual(content);
    expect(object.ContentEncoding ?? '').toBe('');
  });

  it('take an empty object', async () => {
    expect((await put('empty', new Uint8Array())).ETag).toBe('"d41d8cd98f00b204e9800998ecf8427e"');
    expect(await textOf('empty')).toBe('');
  });

  it('refuse user metadata beyond 2 KB', async () => {
    expect(await refusalOf(put('heavy', 'x', { Metadata: { a: 'x'.repeat(2048) } }))).toEqual({
      name: 'MetadataTooLarge',
      status: 400,
    });
  });

  it('answer 404 for what is not there, and HEAD without a body', async () => {
    expect(await refusalOf(get('absent'))).toEqual({ name: 'NoSuchKey', status: 404 });
    expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket: bucket, Key: key('absent') })))).toEqual({
      name: 'NotFound',
      status: 404,
    });
    expect(
      await refusalOf(client.send(new GetObjectCommand({ Bucket: `absent-${randomUUID()}`, Key: 'k' }))),
    ).toMatchObject({ name: 'NoSuchBucket' });
  });
});

describe('checksums', () => {
  // Of 'hello': Python's zlib.crc32, hashlib.sha1 and sha256; the catalogued CRC-32C and CRC-64/NVME computed bit by bit.
  const ofHello = {
    CRC32: 'NhCmhg==',
    CRC32C: 'mnG7TA==',
    CRC64NVME: 'M3eFcAZSQlc=',
    SHA1: 'qvTGHdzF6KLavt4PO0gs2a6pQ00=',
    SHA256: 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
  } as const;

  it.each(Object.entries(ofHello))('%s is verified, kept and given back on request', async (algorithm, value) => {
    await put(`checksum ${algorithm}`, 'hello', { [`Checksum${algorithm}`]: value });
    const head = await client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key(`checksum ${algorithm}`), ChecksumMode: 'ENABLED' }),
    );
    expect(head).toMatchObject({ [`Checksum${algorithm}`]: value, ChecksumType: 'FULL_OBJECT' });
    const wrong = await refusalOf(put('bad', 'hellp', { [`Checksum${algorithm}`]: value }));
    expect([wrong, await refusalOf(get('bad'))]).toEqual([
      { name: 'BadDigest', status: 400 },
      { name: 'NoSuchKey', status: 404 },
    ]);
  });

  it('Content-MD5 is verified', async () => {
    const md5 = createHash('md5').update('hello').digest('base64');
    await put('md5', 'hello', { ContentMD5: md5 });
    expect(await refusalOf(put('bad md5', 'hellp', { ContentMD5: md5 }))).toEqual({ name: 'BadDigest', status: 400 });
    expect(await refusalOf(put('bad md5', 'hellp', { ContentMD5: 'x' }))).toEqual({
      name: 'InvalidDigest',
      status: 400,
    });
  });

  it('CRC64NVME is computed when none is sent', async () => {
    const plain = connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    await plain.send(new PutObjectCommand({ Bucket: bucket, Key: key('default checksum'), Body: 'hello' }));
    const head = await client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key('default checksum'), ChecksumMode: 'ENABLED' }),
    );
    expect(head.ChecksumCRC64NVME).toBe(ofHello.CRC64NVME);
  });
});

describe('reading parts and on conditions', () => {
  beforeAll(async () => {
    await put('digits', '0123456789');
  });

  it.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
  ])('Range %s', async (Range, text, ContentRange) => {
    const part = await get('digits', { Range });
    expect(part).toMatchObject({ ContentRange, ContentLength: text.length, $metadata: { httpStatusCode: 206 } });
    expect(await part.Body?.transformToString()).toBe(text);
  });

  it('a range beyond the end is refused', async () => {
    expect(await refusalOf(get('digits', { Range: 'bytes=10-' }))).toEqual({ name: 'InvalidRange', status: 416 });
  });

  it('If-Match, If-None-Match and If-Modified-Since', async () => {
    const { ETag, LastModified } = await get('digits');
    expect(await textOf('digits', { IfMatch: ETag })).toBe('0123456789');
    expect(await refusalOf(get('digits', { IfMatch: '"other"' }))).toEqual({ name: 'PreconditionFailed', status: 412 });
    expect((await refusalOf(get('digits', { IfNoneMatch: ETag }))).status).toBe(304);
    expect((await refusalOf(get('digits', { IfModifiedSince: LastModified }))).status).toBe(304);
    expect(await textOf('digits', { IfModifiedSince: new Date((LastModified?.getTime() ?? 0) - 1000) })).toBe(
      '0123456789',
    );
    expect(
      (await refusalOf(get('digits', { IfUnmodifiedSince: new Date((LastModified?.getTime() ?? 0) - 1000) }))).status,
    ).toBe(412);
  });

  it('response headers can be overridden', async () => {
    expect(
      await get('digits', { ResponseContentType: 'text/x-digits', ResponseContentDisposition: 'inline' }),
    ).toMatchObject({
      ContentType: 'text/x-digits',
      ContentDisposition: 'inline',
    });
  });
});

describe('writing on conditions', () => {
  it('If-None-Match: * creates and never overwrites', async () => {
    await put('once', 'first', { IfNoneMatch: '*' });
    expect(await refusalOf(put('once', 'second', { IfNoneMatch: '*' }))).toEqual({
      name: 'PreconditionFailed',
      status: 412,
    });
    expect(await textOf('once')).toBe('first');
  });

  it('If-Match swaps the object with this ETag only', async () => {
    const { ETag } = await put('swap', 'first');
    expect(await refusalOf(put('swap', 'second', { IfMatch: '"other"' }))).toEqual({
      name: 'PreconditionFailed',
      status: 412,
    });
    await put('swap', 'second', { IfMatch: ETag });
    expect(await textOf('swap')).toBe('second');
    expect(await refusalOf(put('no such swap', 'x', { IfMatch: ETag }))).toEqual({ name: 'NoSuchKey', status: 404 });
  });

  it('of concurrent creators one wins', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, i) => put('raced', `${i}`, { IfNoneMatch: '*' })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1);
  });

  it('If-None-Match with an ETag is not implemented for writes', async () => {
    expect(await refusalOf(put('etag', 'x', { IfNoneMatch: '"abc"' }))).toEqual({
      name: 'NotImplemented',
      status: 501,
    });
  });
});

describe('deleting', () => {
  it('is the same whether the object is there or not', async () => {
    await put('deleted');
    for (const name of ['deleted', 'deleted', 'never there']) {
      const { $metadata } = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key(name) }));
      expect($metadata.httpStatusCode).toBe(204);
    }
    expect((await refusalOf(get('deleted'))).name).toBe('NoSuchKey');
  });

  it('on a condition spares a changed object', async () => {
    await put('spared');
    const spare = client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key('spared'), IfMatch: '"other"' }));
    expect(await refusalOf(spare)).toEqual({ name: 'PreconditionFailed', status: 412 });
    expect(await textOf('spared')).toBe('spared');
  });

  it('many at once answers for each', async () => {
    const names = ['many/a&b', 'many/ü\n', 'many/absent'];
    for (const name of names.slice(0, 2)) await put(name);
    const Objects = names.map((name) => ({ Key: key(name) }));
    const { Deleted, Errors } = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
    expect(Deleted?.map(({ Key }) => Key).sort()).toEqual(names.map(key).sort());
    expect(Errors ?? []).toEqual([]);
    expect((await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key('many/') }))).KeyCount).toBe(0);
    const quiet = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
    expect(quiet.Deleted ?? []).toEqual([]);
  });
});

describe('CopyObject', () => {
  const copy = (from: string, to: string, more = {}) =>
    client.send(
      new CopyObjectCommand({ Bucket: bucket, Key: key(to), CopySource: encodeURI(`${bucket}/${key(from)}`), ...more }),
    );

  it('takes content and attributes over, or new attributes', async () => {
    await put('from ü', 'hello', { ContentType: 'text/plain', Metadata: { a: '1' } });
    const { CopyObjectResult } = await copy('from ü', 'to');
    expect(CopyObjectResult?.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
    expect(await get('to')).toMatchObject({ ContentType: 'text/plain', Metadata: { a: '1' } });
    await copy('from ü', 'to', { MetadataDirective: 'REPLACE', ContentType: 'text/html', Metadata: { b: '2' } });
    const replaced = await get('to');
    expect(replaced).toMatchObject({ ContentType: 'text/html', Metadata: { b: '2' } });
    expect(await replaced.Body?.transformToString()).toBe('hello');
  });

  it('refuses a source that is not there or not as expected, and a copy onto itself that changes nothing', async () => {
    await put('self');
    expect(await refusalOf(copy('absent', 'to'))).toEqual({ name: 'NoSuchKey', status: 404 });
    expect(await refusalOf(copy('self', 'to', { CopySourceIfMatch: '"other"' }))).toEqual({
      name: 'PreconditionFailed',
      status: 412,
    });
    expect(await refusalOf(copy('self', 'self'))).toEqual({ name: 'InvalidRequest', status: 400 });
  });
});

describe('ListObjectsV2', () => {
  const names = ['list/a', 'list/b/1', 'list/b/2', 'list/c', 'list/d e+ü%', 'list/\u{1f600}', 'list/\uffee'];
  const list = (more = {}) => client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key('list/'), ...more }));
  const inOrder = ['list/a', 'list/b/1', 'list/b/2', 'list/c', 'list/d e+ü%', 'list/\uffee', 'list/\u{1f600}'].map(key);

  beforeAll(async () => {
    for (const name of names) await put(name);
  });

  it('lists in UTF-8 order', async () => {
    const { Contents, IsTruncated, KeyCount } = await list();
    expect(Contents?.map(({ Key }) => Key)).toEqual(inOrder);
    expect([IsTruncated, KeyCount, Contents?.[0]?.Size, Contents?.[0]?.StorageClass]).toEqual([
      false,
      7,
      6,
      'STANDARD',
    ]);
    expect(Contents?.[0]?.ETag).toBe(`"${createHash('md5').update('list/a').digest('hex')}"`);
  });

  it('goes on where a page ended', async () => {
    const keys: (string | undefined)[] = [];
    for (let ContinuationToken: string | undefined; ; ) {
      const page: Awaited<ReturnType<typeof list>> = await list({
        MaxKeys: 2,
        ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
      });
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
      expect(page.KeyCount).toBeLessThanOrEqual(2);
      if (page.IsTruncated !== true) break;
      ContinuationToken = page.NextContinuationToken;
    }
    expect(keys).toEqual(inOrder);
  });

  it('rolls up common prefixes, which count as keys', async () => {
    const page = await list({ Delimiter: '/', MaxKeys: 2 });
    expect(page).toMatchObject({ KeyCount: 2, IsTruncated: true, CommonPrefixes: [{ Prefix: key('list/b/') }] });
    const next = await list({ Delimiter: '/', MaxKeys: 1, ContinuationToken: page.NextContinuationToken });
    expect(next.Contents?.map(({ Key }) => Key)).toEqual([key('list/c')]);
  });

  it('starts after a key, and encodes keys on request', async () => {
    const { Contents, EncodingType } = await list({ StartAfter: key('list/c'), EncodingType: 'url', MaxKeys: 1 });
    expect(EncodingType).toBe('url');
    expect(decodeURIComponent((Contents?.[0]?.Key ?? '').replaceAll('+', ' '))).toBe(key('list/d e+ü%'));
  });

  it('refuses a token that is not its own', async () => {
    expect(await refusalOf(list({ ContinuationToken: 'nonsense' }))).toEqual({ name: 'InvalidArgument', status: 400 });
  });
});

describe('multipart uploads', () => {
  const part = randomBytes(5 * 1024 * 1024);
  const tail = Buffer.from('tail');
  const begin = async (name: string, more = {}) => {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket: bucket, Key: key(name), ...more }),
    );
    return { Bucket: bucket, Key: key(name), UploadId };
  };
  const send = (upload: Awaited<ReturnType<typeof begin>>, PartNumber: number, Body: Uint8Array, more = {}) =>
    client.send(new UploadPartCommand({ ...upload, PartNumber, Body, ...more }));
  const complete = (upload: Awaited<ReturnType<typeof begin>>, Parts: object[], more = {}) =>
    client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more }));

  it('put parts together by number, with the ETag of the parts’ MD5s', async () => {
    const upload = await begin('parts', { ContentType: 'application/x-parts', Metadata: { a: 'b' } });
    const second = await send(upload, 2, tail);
    const first = await send(upload, 1, part);
    const { Parts } = await client.send(new ListPartsCommand(upload));
    expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, part.length],
      [2, 4],
    ]);
    const { ETag } = await complete(upload, [
      { PartNumber: 1, ETag: first.ETag },
      { PartNumber: 2, ETag: second.ETag },
    ]);
    const md5 = (data: Uint8Array) => createHash('md5').update(data).digest();
    expect(ETag).toBe(`"${md5(Buffer.concat([md5(part), md5(tail)])).toString('hex')}-2"`);
    const object = await get('parts');
    expect(object).toMatchObject({
      ContentType: 'application/x-parts',
      Metadata: { a: 'b' },
      ContentLength: part.length + 4,
    });
    expect(Buffer.from((await object.Body?.transformToByteArray()) ?? []).equals(Buffer.concat([part, tail]))).toBe(
      true,
    );
    expect(await textOf('parts', { Range: `bytes=${part.length - 1}-` })).toBe(`${part.subarray(-1).toString()}tail`);
    expect(await get('parts', { PartNumber: 2 })).toMatchObject({ ContentLength: 4, PartsCount: 2 });
    expect(await refusalOf(client.send(new ListPartsCommand(upload)))).toEqual({ name: 'NoSuchUpload', status: 404 });
  });

  it('give the checksum of the whole when it is asked for, and a composite one otherwise', async () => {
    for (const ChecksumType of ['FULL_OBJECT', 'COMPOSITE'] as const) {
      const upload = await begin(`crc ${ChecksumType}`, { ChecksumAlgorithm: 'CRC32', ChecksumType });
      const sent = [
        await send(upload, 1, part, { ChecksumAlgorithm: 'CRC32' }),
        await send(upload, 2, tail, { ChecksumAlgorithm: 'CRC32' }),
      ];
      const done = await complete(
        upload,
        sent.map(({ ETag, ChecksumCRC32 }, i) => ({ PartNumber: i + 1, ETag, ChecksumCRC32 })),
      );
      await put('whole', Buffer.concat([part, tail]));
      const whole = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: key('whole'), ChecksumMode: 'ENABLED' }),
      );
      expect(done.ChecksumType).toBe(ChecksumType);
      if (ChecksumType === 'FULL_OBJECT') expect(done.ChecksumCRC32).toBe(whole.ChecksumCRC32);
      else expect(done.ChecksumCRC32).toMatch(/^.{8}-2$/);
    }
  });

  it('are refused in the wrong order, with a wrong part, or with a small part in the middle', async () => {
    const upload = await begin('refused');
    const [{ ETag: one }, { ETag: two }] = [await send(upload, 1, tail), await send(upload, 2, tail)];
    expect(
      await refusalOf(
        complete(upload, [
          { PartNumber: 2, ETag: two },
          { PartNumber: 1, ETag: one },
        ]),
      ),
    ).toEqual({ name: 'InvalidPartOrder', status: 400 });
    expect(await refusalOf(complete(upload, [{ PartNumber: 1, ETag: '"other"' }]))).toEqual({
      name: 'InvalidPart',
      status: 400,
    });
    expect(
      await refusalOf(
        complete(upload, [
          { PartNumber: 1, ETag: one },
          { PartNumber: 2, ETag: two },
        ]),
      ),
    ).toEqual({ name: 'EntityTooSmall', status: 400 });
    expect(await refusalOf(send(upload, 10_001, tail))).toEqual({ name: 'InvalidArgument', status: 400 });
    await client.send(new AbortMultipartUploadCommand(upload));
    expect(await refusalOf(send(upload, 1, tail))).toEqual({ name: 'NoSuchUpload', status: 404 });
  });

  it('never overwrite under If-None-Match: *', async () => {
    await put('guarded', 'first');
    const upload = await begin('guarded');
    const { ETag } = await send(upload, 1, tail);
    expect(await refusalOf(complete(upload, [{ PartNumber: 1, ETag }], { IfNoneMatch: '*' }))).toEqual({
      name: 'PreconditionFailed',
      status: 412,
    });
    await client.send(new AbortMultipartUploadCommand(upload));
    expect(await textOf('guarded')).toBe('first');
  });
});

describe('a versioned bucket', () => {
  const at = (name: string) => ({ Bucket: versionedBucket, Key: key(name) });

  it('keeps every version, and delete markers over them', async () => {
    const one = await client.send(new PutObjectCommand({ ...at('v'), Body: 'one' }));
    const two = await client.send(new PutObjectCommand({ ...at('v'), Body: 'two' }));
    expect(one.VersionId).not.toBe(two.VersionId);
    const marker = await client.send(new DeleteObjectCommand(at('v')));
    expect(marker).toMatchObject({ DeleteMarker: true, VersionId: expect.stringMatching(/.{10,}/) });
    expect(await refusalOf(client.send(new GetObjectCommand(at('v'))))).toEqual({ name: 'NoSuchKey', status: 404 });
    expect(
      (await refusalOf(client.send(new GetObjectCommand({ ...at('v'), VersionId: marker.VersionId })))).status,
    ).toBe(405);
    const old = await client.send(new GetObjectCommand({ ...at('v'), VersionId: one.VersionId }));
    expect([await old.Body?.transformToString(), old.VersionId]).toEqual(['one', one.VersionId]);
    expect((await client.send(new HeadObjectCommand({ ...at('v'), VersionId: two.VersionId }))).ContentLength).toBe(3);
    const { Versions, DeleteMarkers } = await client.send(
      new ListObjectVersionsCommand({ Bucket: versionedBucket, Prefix: key('v') }),
    );
    expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [two.VersionId, false],
      [one.VersionId, false],
    ]);
    expect(DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([[marker.VersionId, true]]);
    await client.send(new DeleteObjectCommand({ ...at('v'), VersionId: marker.VersionId }));
    expect((await client.send(new GetObjectCommand(at('v')))).VersionId).toBe(two.VersionId);
  });

  it('lets If-None-Match: * write over a delete marker', async () => {
    await client.send(new PutObjectCommand({ ...at('marked'), Body: new Uint8Array() }));
    await client.send(new DeleteObjectCommand(at('marked')));
    await client.send(new PutObjectCommand({ ...at('marked'), Body: new Uint8Array(), IfNoneMatch: '*' }));
    await client.send(new DeleteObjectCommand(at('marked')));
    const swap = client.send(
      new PutObjectCommand({ ...at('marked'), Body: new Uint8Array(), IfMatch: '"d41d8cd98f00b204e9800998ecf8427e"' }),
    );
    expect(await refusalOf(swap)).toEqual({ name: 'NoSuchKey', status: 404 });
  });
});

describe('signatures', () => {
  it('let nobody in without one, with a wrong one, or with an unknown key', async () => {
    const credentials = await client.config.credentials();
    const forger = connect({ credentials: { ...credentials, secretAccessKey: 'wrong' } });
    const stranger = connect({ credentials: { accessKeyId: 'AKIAUNKNOWNUNKNOWN00', secretAccessKey: 'x' } });
    expect(await refusalOf(forger.send(new ListBucketsCommand({})))).toEqual({
      name: 'SignatureDoesNotMatch',
      status: 403,
    });
    expect(await refusalOf(stranger.send(new ListBucketsCommand({})))).toEqual({
      name: 'InvalidAccessKeyId',
      status: 403,
    });
    const unsigned = await fetch((await presign('GET', 'x')).split('?')[0] ?? '');
    expect([unsigned.status, await unsigned.text()]).toEqual([
      403,
      expect.stringContaining('<Code>AccessDenied</Code>'),
    ]);
  });

  it('make presigned URLs, that hold for what was signed', async () => {
    const url = await presign('PUT', 'presigned ü');
    expect((await fetch(url, { method: 'PUT', body: 'by URL' })).status).toBe(200);
    expect(await (await fetch(await presign('GET', 'presigned ü'))).text()).toBe('by URL');
    const tampered = await fetch((await presign('GET', 'presigned ü')).replace('presigned', 'unsigned'));
    expect([tampered.status, await tampered.text()]).toEqual([403, expect.stringContaining('SignatureDoesNotMatch')]);
    expect((await fetch(url)).status).toBe(403);
  });

  it('of presigned URLs expire', async () => {
    const expired = await fetch(await presign('GET', 'presigned ü', 60, {}, new Date(Date.now() - 61_000)));
    expect([expired.status, await expired.text()]).toEqual([403, expect.stringContaining('Request has expired')]);
  });

  it('of presigned URLs bear the SDK’s checksum of an empty body, which S3 ignores', async () => {
    const url = await presign('PUT', 'hoisted', 60, {
      'x-amz-checksum-crc32': 'AAAAAA==',
      'x-amz-sdk-checksum-algorithm': 'CRC32',
    });
    expect((await fetch(url, { method: 'PUT', body: 'not empty' })).status).toBe(200);
  });
});

describe('buckets', () => {
  it('are listed and found', async () => {
    expect((await client.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual(
      expect.arrayContaining([bucket, versionedBucket]),
    );
    expect((await client.send(new HeadBucketCommand({ Bucket: bucket }))).BucketRegion).toBe(
      await client.config.region(),
    );
    expect((await refusalOf(client.send(new HeadBucketCommand({ Bucket: `absent-${randomUUID()}` })))).status).toBe(
      404,
    );
  });
});

describe.skipIf(remote)('the embedded S3', () => {
  it('refuses by name what it does not do', async () => {
    expect(await refusalOf(client.send(new GetBucketAclCommand({ Bucket: bucket })))).toEqual({
      name: 'NotImplemented',
      status: 501,
    });
    expect(await refusalOf(put('tagged', 'x', { Tagging: 'a=b' }))).toEqual({ name: 'NotImplemented', status: 501 });
    expect(await refusalOf(put('cold', 'x', { StorageClass: 'GLACIER' }))).toEqual({
      name: 'NotImplemented',
      status: 501,
    });
  });

  it('asks the permission hook, and hides absence from who may not list', async () => {
    await put('shown');
    const visitor = connect({
      credentials: { accessKeyId: 'AKVISITOR', secretAccessKey: 'visitor-secret', sessionToken: 'visitor-token' },
    });
    const read = (name: string) => visitor.send(new GetObjectCommand({ Bucket: bucket, Key: key(name) }));
    expect(await (await read('shown')).Body?.transformToString()).toBe('shown');
    await expect(read('digits')).rejects.toMatchObject({
      name: 'AccessDenied',
      message: `AKVISITOR is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::${bucket}/${key('digits')}"`,
    });
    expect(await refusalOf(read('absent/shown'))).toEqual({ name: 'AccessDenied', status: 403 });
    const denied = await visitor.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: key('shown') }] } }),
    );
    expect(denied.Errors).toMatchObject([{ Code: 'AccessDenied', Key: key('shown') }]);
    expect(await textOf('shown')).toBe('shown');
  });

  it('tells of what was created and deleted', async () => {
    events.length = 0;
    const { ETag } = await put('told', 'hello');
    await client.send(
      new CopyObjectCommand({
        Bucket: bucket,
        Key: key('told too'),
        CopySource: encodeURI(`${bucket}/${key('told')}`),
      }),
    );
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key('told') }));
    expect(events).toMatchObject([
      {
        type: 'ObjectCreated',
        bucket,
        key: key('told'),
        reason: 'PutObject',
        sizeBytes: 5,
        etag: ETag?.replaceAll('"', ''),
      },
      { type: 'ObjectCreated', bucket, key: key('told too'), reason: 'CopyObject', sizeBytes: 5 },
      { type: 'ObjectDeleted', bucket, key: key('told'), deletionType: 'Permanently Deleted' },
    ]);
  });

  it('keeps nothing of an upload whose client went away', async () => {
    const target = new URL(await presign('PUT', 'abandoned'));
    await new Promise<void>((resolve) => {
      const upload = request(target, { method: 'PUT', headers: { 'content-length': 1_000_000 } });
      upload.on('error', () => resolve());
      upload.write(Buffer.alloc(500_000), () => upload.destroy());
      upload.on('close', () => resolve());
    });
    expect((await refusalOf(get('abandoned'))).name).toBe('NoSuchKey');
  });

  it('refuses another region and another time', async () => {
    const elsewhere = connect({ region: 'us-east-1' });
    expect(
      await refusalOf(elsewhere.send(new HeadObjectCommand({ Bucket: bucket, Key: key('told too') }))),
    ).toMatchObject({ status: 400 });
    const late = connect({ systemClockOffset: -16 * 60_000 });
    expect(await refusalOf(late.send(new GetObjectCommand({ Bucket: bucket, Key: key('told too') })))).toEqual({
      name: 'RequestTimeTooSkewed',
      status: 403,
    });
  });

  it('has tidied up after whoever it cut off by the time it is closed', async () => {
    const blobs = () => readdirSync(join(dataDir, 'blobs'));
    const before = new Set(blobs());
    const added = () => blobs().filter((blob) => !before.has(blob)).length;
    const upload = request(new URL(await presign('PUT', 'half')), {
      method: 'PUT',
      headers: { 'content-length': 1_000_000 },
    });
    const cutOff = once(upload, 'error');
    upload.write(Buffer.alloc(500_000));
    await vi.waitFor(() => expect(added()).toBe(1));
    await server?.close();
    expect(added()).toBe(0);
    await start();
    client = connect();
    await cutOff;
  });

  it('has all of it after a restart', async () => {
    await put('kept', 'hello', { Metadata: { a: 'b' } });
    await server?.close();
    await start();
    client = connect();
    const object = await get('kept');
    expect([await object.Body?.transformToString(), object.Metadata]).toEqual(['hello', { a: 'b' }]);
  });
});
