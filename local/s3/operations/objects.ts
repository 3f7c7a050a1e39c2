import {
  attributesOf,
  encryptionHeaders,
  objectHeaders,
  versionHeader,
  writeConditionOf,
  xmlTime,
} from '../attributes.ts';
import { algorithmOfHeader, type Checksum, type ChecksumAlgorithm, checksumHeader } from '../checksums.ts';
import { judgeRead, preconditionFailed, type ReadConditions } from '../conditions.ts';
import type { ByteRange } from '../contents.ts';
import type { ObjectLocation } from '../creations.ts';
import type { S3Engine } from '../engine.ts';
import { S3Error } from '../errors.ts';
import { MAX_PARTS } from '../multipart.ts';
import { parseRange } from '../ranges.ts';
import type { ObjectVersion } from '../records.ts';
import { incomingContent, queryInteger, type S3Request, type S3Response } from '../requests.ts';
import { xmlDocument } from '../xml.ts';

export async function putObject(engine: S3Engine, request: S3Request): Promise<S3Response> {
  const { headers } = request;
  const content = incomingContent(request);
  const version = await engine.putObject(request, content, attributesOf(headers), writeConditionOf(headers));
  return {
    status: 200,
    headers: {
      etag: `"${version.etag}"`,
      ...checksumHeaders(version.checksum),
      ...encryptionHeaders(version.encryption),
      ...versionHeader(engine.bucket(request.bucket), version.versionId),
    },
  };
}

/** GetObject; with `withBody` false, HeadObject. */
export function getObject(engine: S3Engine, request: S3Request, withBody: boolean): S3Response {
  const { bucket, query, headers } = request;
  const version = engine.object(request, query.get('versionId'));
  const verdict = judgeRead(
    {
      ifMatch: headers['if-match'],
      ifNoneMatch: headers['if-none-match'],
      ifModifiedSince: headers['if-modified-since'],
      ifUnmodifiedSince: headers['if-unmodified-since'],
    },
    version,
  );
  const all = objectHeaders(version, engine.bucket(bucket));
  if (verdict === 'PreconditionFailed')
    throw preconditionFailed(headers['if-match'] === undefined ? 'If-Unmodified-Since' : 'If-Match');
  if (verdict === 'NotModified') {
    const { etag, 'last-modified': lastModified } = all;
    return {
      status: 304,
      headers: { etag, 'last-modified': lastModified, ...versionHeader(engine.bucket(bucket), version.versionId) },
    };
  }
  const part = partRange(request, version);
  const range = part ?? (headers['range'] === undefined ? undefined : parseRange(headers['range'], version.sizeBytes));
  const { start, end } = range ?? { start: 0, end: version.sizeBytes };
  const sizeBytes = end - start;
  const overrides = responseOverrides(query);
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...all,
      ...(headers['x-amz-checksum-mode'] === 'ENABLED' && sizeBytes === version.sizeBytes
        ? checksumHeaders(version.checksum)
        : {}),
      ...overrides,
      'content-length': sizeBytes,
      'content-range': range === undefined ? undefined : `bytes ${start}-${end - 1}/${version.sizeBytes}`,
      'x-amz-mp-parts-count': part !== undefined && version.multipart ? version.segments.length : undefined,
    },
    ...(withBody ? { body: { chunks: engine.read(version, { start, end }), sizeBytes } } : {}),
  };
}

/** The headers that the query's `response-*` parameters put in the place of the object's own. */
function responseOverrides(query: ReadonlyMap<string, string>): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const [name, value] of query) {
    if (!name.startsWith('response-')) continue;
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new S3Error('InvalidArgument', `The ${name} parameter holds characters that a header cannot carry.`, {
        details: { ArgumentName: name },
      });
    }
    overrides[name.slice('response-'.length)] = value;
  }
  return overrides;
}

/** The bytes of the part that `partNumber` asks for. */
function partRange(request: S3Request, { segments, sizeBytes }: ObjectVersion): ByteRange | undefined {
  if (!request.query.has('partNumber')) return undefined;
  if (request.headers['range'] !== undefined) {
    throw new S3Error('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter');
  }
  const partNumber = queryInteger(request, 'partNumber', 1, { from: 1, to: MAX_PARTS });
  const segment = segments[partNumber - 1];
  if (segment === undefined) {
    throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable', {
      details: { ActualPartCount: segments.length, PartNumberRequested: partNumber },
    });
  }
  if (sizeBytes === 0) return undefined;
  const start = segments.slice(0, partNumber - 1).reduce((sum, before) => sum + before.sizeBytes, 0);
  return { start, end: start + segment.sizeBytes };
}

export async function deleteObject(engine: S3Engine, request: S3Request): Promise<S3Response> {
  const { query, headers } = request;
  const { deleteMarker, versionId } = await engine.deleteObject(request, query.get('versionId'), headers['if-match']);
  return {
    status: 204,
    headers: { 'x-amz-delete-marker': deleteMarker ? 'true' : undefined, 'x-amz-version-id': versionId },
  };
}

export interface CopySource extends ObjectLocation {
  readonly versionId: string | undefined;
}

/**
 * Reads `x-amz-copy-source`: percent-encoded `[/]bucket/key[?versionId=id]`.
 * @throws S3Error InvalidArgument
 */
export function copySourceOf(header: string): CopySource {
  const match = /^\/?([^/]+)\/(.+?)(?:\?versionId=([^&]+))?$/s.exec(header);
  const [, bucket, encodedKey, versionId] = match ?? [];
  if (bucket === undefined || encodedKey === undefined) throw invalidCopySource(undefined);
  try {
    // Raw bytes are Latin-1 here: those beyond ASCII were sent unencoded, as UTF-8.
    return { bucket, key: decodeURIComponent(percentEncodeBytes(encodedKey)), versionId };
  } catch (cause) {
    throw invalidCopySource(cause);
  }
}

function percentEncodeBytes(latin1: string): string {
  return latin1.replace(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
}

function invalidCopySource(cause: unknown): S3Error {
  return new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey', {
    cause,
    details: { ArgumentName: 'x-amz-copy-source' },
  });
}

export async function copyObject(engine: S3Engine, request: S3Request, location: CopySource): Promise<S3Response> {
  const { bucket, key, headers } = request;
  const source = engine.object(location, location.versionId);
  const conditions: ReadConditions = {
    ifMatch: headers['x-amz-copy-source-if-match'],
    ifNoneMatch: headers['x-amz-copy-source-if-none-match'],
    ifModifiedSince: headers['x-amz-copy-source-if-modified-since'],
    ifUnmodifiedSince: headers['x-amz-copy-source-if-unmodified-since'],
  };
  if (judgeRead(conditions, source) !== 'Proceed') throw preconditionFailed('x-amz-copy-source-If-*');
  const directive = headers['x-amz-metadata-directive'] ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw new S3Error('InvalidArgument', `Unknown metadata directive: ${directive}; it must be COPY or REPLACE.`, {
      details: { ArgumentName: 'x-amz-metadata-directive', ArgumentValue: directive },
    });
  }
  const requested = attributesOf(headers);
  const changed =
    directive === 'REPLACE' ||
    location.versionId !== undefined ||
    headers['x-amz-server-side-encryption'] !== undefined;
  if (location.bucket === bucket && location.key === key && !changed) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const attributes =
    directive === 'REPLACE' ? requested : { ...requested, headers: source.headers, metadata: source.metadata };
  const algorithm = requestedAlgorithm(headers['x-amz-checksum-algorithm']) ?? source.checksum.algorithm;
  const version = await engine.copyObject(source, request, attributes, algorithm, writeConditionOf(headers));
  return {
    status: 200,
    headers: {
      ...encryptionHeaders(version.encryption),
      ...versionHeader(engine.bucket(bucket), version.versionId),
      ...(engine.bucket(location.bucket).versioning === 'Unversioned'
        ? {}
        : { 'x-amz-copy-source-version-id': source.versionId }),
    },
    body: xmlDocument('CopyObjectResult', [
      ['LastModified', xmlTime(version.lastModifiedMs)],
      ['ETag', `"${version.etag}"`],
      [`Checksum${version.checksum.algorithm}`, version.checksum.value],
      ['ChecksumType', version.checksum.type],
    ]),
  };
}

/** @throws S3Error InvalidRequest on an algorithm that is not one of S3's */
export function requestedAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  if (name === undefined) return undefined;
  const algorithm = algorithmOfHeader(`x-amz-checksum-${name}`);
  if (algorithm === undefined) {
    throw new S3Error(
      'InvalidRequest',
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    );
  }
  return algorithm;
}

export function checksumHeaders({ algorithm, type, value }: Checksum): Record<string, string> {
  return { [checksumHeader(algorithm)]: value, 'x-amz-checksum-type': type };
}
