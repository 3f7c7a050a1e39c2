import { createHash } from 'node:crypto';
import { hmacHex, sameText, sha256Hex, type VerifiedSignature } from '../signature-v4.ts';
import { S3Error } from './errors.ts';

/**
 * The `aws-chunked` coding of uploads: `<hex size>[;chunk-signature=<hex>]CRLF <data> CRLF …`, a chunk of size 0, then trailers, then an empty line.
 * Source: "Signature calculations for the Authorization header: transferring payload in multiple chunks" and "… including trailing headers"
 * (S3 API Reference).
 */
export interface ChunkedContent {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Names in lower case; complete once the chunks have been read. */
  readonly trailers: ReadonlyMap<string, string>;
}

export interface ChunkedOptions {
  /** The request's signature, with which the chain of chunk signatures begins; undefined for unsigned chunks. */
  readonly seed: Pick<VerifiedSignature, 'signature' | 'signingKey' | 'scope' | 'timestamp'> | undefined;
  /** The trailers announced by `x-amz-trailer`, in lower case: these must come, and no others. */
  readonly announcedTrailers: readonly string[];
}

const MAX_LINE_BYTES = 8192;

export function decodeChunks(source: AsyncIterable<Uint8Array>, options: ChunkedOptions): ChunkedContent {
  const trailers = new Map<string, string>();
  return { chunks: decode(source, options, trailers), trailers };
}

async function* decode(
  source: AsyncIterable<Uint8Array>,
  { seed, announcedTrailers }: ChunkedOptions,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  const input = new ByteReader(source);
  const chain = seed === undefined ? undefined : new SignatureChain(seed);
  for (;;) {
    const { sizeBytes, signature } = parseChunkHeader(await input.line(), chain !== undefined);
    const hash = createHash('sha256');
    for await (const piece of input.take(sizeBytes)) {
      if (chain !== undefined) hash.update(piece);
      yield piece;
    }
    chain?.checkChunk(hash.digest('hex'), signature);
    if (sizeBytes === 0) break;
    if ((await input.line()) !== '') throw incomplete();
  }
  await readTrailers(input, chain, announcedTrailers, trailers);
}

function parseChunkHeader(line: string, signed: boolean): { sizeBytes: number; signature: string } {
  const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
  if (match === null || (signed && match[2] === undefined)) throw incomplete();
  return { sizeBytes: Number.parseInt(match[1]!, 16), signature: match[2] ?? '' };
}

async function readTrailers(
  input: ByteReader,
  chain: SignatureChain | undefined,
  announced: readonly string[],
  trailers: Map<string, string>,
): Promise<void> {
  let signature: string | undefined;
  for (let line = await input.line(); line !== ''; line = await input.line()) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (colon > 0 && name === 'x-amz-trailer-signature') signature = value;
    else if (announced.includes(name)) trailers.set(name, value);
    else throw malformedTrailer();
  }
  if (announced.some((name) => !trailers.has(name))) throw malformedTrailer();
  if (chain !== undefined && announced.length > 0) {
    if (signature === undefined) throw malformedTrailer();
    const names = [...trailers.keys()].sort();
    chain.checkTrailer(sha256Hex(names.map((name) => `${name}:${trailers.get(name)}\n`).join('')), signature);
  }
}

/** Each chunk's signature covers the one before. */
class SignatureChain {
  readonly #seed: NonNullable<ChunkedOptions['seed']>;
  #previous: string;

  constructor(seed: NonNullable<ChunkedOptions['seed']>) {
    this.#seed = seed;
    this.#previous = seed.signature;
  }

  checkChunk(dataSha256: string, signature: string): void {
    this.#check(`AWS4-HMAC-SHA256-PAYLOAD`, `${sha256Hex('')}\n${dataSha256}`, signature);
  }

  checkTrailer(trailerSha256: string, signature: string): void {
    this.#check('AWS4-HMAC-SHA256-TRAILER', trailerSha256, signature);
  }

  #check(algorithm: string, hashes: string, signature: string): void {
    const { timestamp, scope, signingKey } = this.#seed;
    const stringToSign = [algorithm, timestamp, scope, this.#previous, hashes].join('\n');
    if (!sameText(hmacHex(signingKey, stringToSign), signature)) {
      throw new S3Error(
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
        { details: { StringToSign: stringToSign, SignatureProvided: signature } },
      );
    }
    this.#previous = signature;
  }
}

/** Reads lines and counted stretches of bytes from a stream of chunks. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The text up to CRLF. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#rest.toString('latin1', 0, end);
        this.#rest = this.#rest.subarray(end + 2);
        return line;
      }
      if (this.#rest.length > MAX_LINE_BYTES) throw incomplete();
      this.#rest = Buffer.concat([this.#rest, await this.#next()]);
    }
  }

  async *take(sizeBytes: number): AsyncGenerator<Uint8Array> {
    for (let left = sizeBytes; left > 0; ) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async #next(): Promise<Buffer<ArrayBuffer>> {
    const { done, value } = await this.#source.next();
    if (done === true) throw incomplete();
    return Buffer.from(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  }
}

function incomplete(): S3Error {
  return new S3Error('IncompleteBody', 'The request body terminated unexpectedly');
}

function malformedTrailer(): S3Error {
  return new S3Error(
    'MalformedTrailerError',
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  );
}
