import type { IncomingMessage } from 'node:http';
import type { VerifiedSignature } from '../signature-v4.ts';
import {
  algorithmOfHeader,
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checkedDigest,
  checksumHeader,
  DEFAULT_CHECKSUM,
  DigestingContent,
} from './checksums.ts';
import { type ChunkedContent, decodeChunks } from './chunked-decoding.ts';
import type { HeldContent, IncomingContent } from './contents.ts';
import type { ObjectLocation } from './creations.ts';
import { S3Error } from './errors.ts';
import type { Target } from './routing.ts';

/** A request that has been authenticated. */
export interface S3Request extends Target, ObjectLocation {
  /** Names in lower case, those of a presigned URL's query included. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: IncomingMessage;
  readonly signature: VerifiedSignature;
}

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number | undefined>>;
  /** An XML document, or content with its length. */
  readonly body?: string | { readonly chunks: HeldContent; readonly sizeBytes: number };
}

/** "PUT object: 5 GB in a single operation"; the same for a part. */
const MAX_CONTENT_BYTES = 5 * 1024 ** 3;
const MAX_DOCUMENT_BYTES = 8 * 1024 ** 2;

/**
 * The content of a PutObject or UploadPart: decoded from aws-chunked where it is, with all that the client promised about it.
 * @throws S3Error InvalidRequest, InvalidDigest, MissingContentLength, EntityTooLarge, NotImplemented
 */
export function incomingContent({ headers, body, signature }: S3Request): IncomingContent {
  const { payload } = signature;
  const announcedTrailers = (headers['x-amz-trailer'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const sent = sentChecksum(headers, announcedTrailers);
  const md5Base64 = headers['content-md5'];
  if (md5Base64 !== undefined && Buffer.from(md5Base64, 'base64').length !== 16) {
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.');
  }
  // A request that is refused midway keeps its connection, on which the refusal goes back.
  const source = body.iterator({ destroyOnReturn: false });
  const chunked = chunkedContent(source, signature, announcedTrailers);
  const length = chunked === undefined ? headers['content-length'] : headers['x-amz-decoded-content-length'];
  if (length === undefined || !/^\d+$/.test(length)) {
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  const sizeBytes = Number(length);
  if (sizeBytes > MAX_CONTENT_BYTES) {
    throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      details: { ProposedSize: sizeBytes, MaxSizeAllowed: MAX_CONTENT_BYTES },
    });
  }
  const sha256Hex = /^[0-9a-f]{64}$/.test(payload) ? payload : undefined;
  return {
    chunks: chunked?.chunks ?? source,
    sentAlgorithm: sent?.algorithm,
    sha256Signed: sha256Hex !== undefined,
    expected() {
      const value =
        sent?.value ?? (sent === undefined ? undefined : chunked?.trailers.get(checksumHeader(sent.algorithm)));
      return {
        sizeBytes,
        ...(md5Base64 === undefined ? {} : { md5Base64 }),
        ...(sha256Hex === undefined ? {} : { sha256Hex }),
        ...(sent === undefined || value === undefined ? {} : { checksumBase64: checkedDigest(sent.algorithm, value) }),
      };
    },
  };
}

/** The payload as signed says how the body is coded ("x-amz-content-sha256", Signature Version 4 for S3). */
function chunkedContent(
  source: AsyncIterable<Uint8Array>,
  signature: VerifiedSignature,
  announcedTrailers: readonly string[],
): ChunkedContent | undefined {
  switch (signature.payload) {
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return decodeChunks(source, { seed: undefined, announcedTrailers });
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return decodeChunks(source, { seed: signature, announcedTrailers: [] });
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return decodeChunks(source, { seed: signature, announcedTrailers });
    case 'UNSIGNED-PAYLOAD':
      return undefined;
    default:
      if (/^[0-9a-f]{64}$/.test(signature.payload)) return undefined;
      throw new S3Error(
        'InvalidRequest',
        'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.',
      );
  }
}

/** The checksum that the client sends, in a header or, its value then unknown, in a trailer. */
function sentChecksum(
  headers: Readonly<Record<string, string>>,
  announcedTrailers: readonly string[],
): { algorithm: ChecksumAlgorithm; value: string | undefined } | undefined {
  const inHeaders = CHECKSUM_ALGORITHMS.filter((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  const inTrailers = announcedTrailers
    .map((name) => algorithmOfHeader(name))
    .filter((algorithm) => algorithm !== undefined);
  const [algorithm, ...more] = [...inHeaders, ...inTrailers];
  if (more.length > 0) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  if (algorithm === undefined) {
    if (headers['x-amz-sdk-checksum-algorithm'] !== undefined) {
      throw new S3Error(
        'InvalidRequest',
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
      );
    }
    return undefined;
  }
  const value = headers[checksumHeader(algorithm)];
  return { algorithm, value: value === undefined ? undefined : checkedDigest(algorithm, value) };
}

/**
 * The whole body of a request that carries an XML document, checked like any content.
 * @throws S3Error MaxMessageLengthExceeded, and what `incomingContent` and its checks throw
 */
export async function readDocument(request: S3Request): Promise<string> {
  const content = incomingContent(request);
  const digesting = new DigestingContent(content.sentAlgorithm ?? DEFAULT_CHECKSUM, content);
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of digesting.passing(content.chunks)) {
    sizeBytes += piece.length;
    if (sizeBytes > MAX_DOCUMENT_BYTES) {
      throw new S3Error('MaxMessageLengthExceeded', 'Your request was too big.', {
        details: { MaxMessageLengthBytes: MAX_DOCUMENT_BYTES },
      });
    }
    pieces.push(piece);
  }
  digesting.finish(content.expected());
  return Buffer.concat(pieces).toString('utf8');
}

/**
 * A whole number in the query, or the default.
 * @throws S3Error InvalidArgument
 */
export function queryInteger(
  { query }: Target,
  name: string,
  absent: number,
  { from, to }: { from: number; to: number },
): number {
  const text = query.get(name);
  if (text === undefined || text === '') return absent;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < from || value > to) {
    throw new S3Error(
      'InvalidArgument',
      `Argument ${name} must be an integer between ${from} and ${to}, got "${text}"`,
      {
        details: { ArgumentName: name, ArgumentValue: text },
      },
    );
  }
  return value;
}
