import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The gzip file ends too early or is damaged: the rows up to there cannot be trusted to be all. */
export class TruncatedGzipError extends Error {
  override readonly name = 'TruncatedGzipError';
  readonly code = 'TRUNCATED_GZIP';
  readonly retryable = false;
}

const gzipMagic = [0x1f, 0x8b];

/** The bytes of a file as they are, or inflated where they begin as gzip does (RFC 1952), whatever its name says. */
export async function* decompressed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = new Uint8Array();
  let ended = false;
  while (head.length < gzipMagic.length && !ended) {
    const next = await iterator.next();
    ended = next.done === true;
    if (!next.done) head = Buffer.concat([head, next.value]);
  }
  const rest = async function* () {
    if (head.length > 0) yield head;
    if (ended) return;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  };
  if (!gzipMagic.every((byte, at) => head[at] === byte)) {
    yield* rest();
    return;
  }
  // The pipeline destroys both ends on an error and hands it to the reader below.
  const inflated = pipeline(Readable.from(rest()), createGunzip({ chunkSize: 256 * 1024 }), () => {});
  try {
    yield* inflated as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'Z_BUF_ERROR' && code !== 'Z_DATA_ERROR') throw cause;
    throw new TruncatedGzipError(
      `the gzip data is ${code === 'Z_BUF_ERROR' ? 'cut off' : 'damaged'}; compress the file again and drop it anew`,
      { cause },
    );
  }
}
