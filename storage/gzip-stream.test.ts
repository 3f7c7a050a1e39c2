import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decompressed, TruncatedGzipError } from './gzip-stream.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const found: Uint8Array[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return Buffer.concat(found);
}

const text = Buffer.from('customer_id,date\n'.repeat(20_000));

describe('bytes', () => {
  test.each([1, 2, 7, 65_536])('come inflated where they are gzip, in pieces of %i', async (size) => {
    const bytes = size === 1 ? text.subarray(0, 500) : text;
    expect((await collected(decompressed(pieces(gzipSync(bytes), size)))).equals(bytes)).toBe(true);
  });

  test.each([1, 3, 65_536])('come as they are where they are not, in pieces of %i', async (size) => {
    const bytes = text.subarray(0, 5000);
    expect((await collected(decompressed(pieces(bytes, size)))).equals(bytes)).toBe(true);
  });

  test.each([
    ['nothing', ''],
    ['one byte', 'a'],
    ['the first byte of gzip and no more', '\x1f'],
    ['the first byte of gzip and another', '\x1fa'],
  ])('come as they are: %s', async (_, latin1) => {
    const bytes = Buffer.from(latin1, 'latin1');
    expect((await collected(decompressed(pieces(bytes, 1)))).equals(bytes)).toBe(true);
  });

  test('of several gzip members come one after the other (RFC 1952, 2.2)', async () => {
    const members = Buffer.concat([gzipSync('first,'), gzipSync('second')]);
    expect((await collected(decompressed(pieces(members, 5)))).toString()).toBe('first,second');
  });
});

describe('gzip that is not whole', () => {
  const whole = gzipSync(text);

  test.each([3, 18, whole.length - 9, whole.length - 1])('cut off after %i bytes is refused', async (length) => {
    const error = await collected(decompressed(pieces(whole.subarray(0, length), 64))).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TruncatedGzipError);
    expect(error).toMatchObject({ code: 'TRUNCATED_GZIP', retryable: false });
    expect((error as Error).message).toMatch(/cut off; compress the file again/);
  });

  test('damaged in its checksum is refused as damaged', async () => {
    const damaged = Uint8Array.from(whole);
    damaged[damaged.length - 6]! ^= 0xff;
    await expect(collected(decompressed(pieces(damaged, 64)))).rejects.toThrow(/damaged; compress the file again/);
  });
});

test('an error of the source passes as it is', async () => {
  const lost = new Error('connection lost');
  const source = async function* () {
    yield gzipSync(text).subarray(0, 100);
    throw lost;
  };
  await expect(collected(decompressed(source()))).rejects.toBe(lost);
});

test('a reader who stops early closes the source', async () => {
  let closed = false;
  const source = async function* () {
    try {
      yield* pieces(gzipSync(text), 16);
    } finally {
      closed = true;
    }
  };
  for await (const _ of decompressed(source())) break;
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(true);
});
