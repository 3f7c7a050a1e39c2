import { percentEncode, splitTarget } from '../signature-claim.ts';
import { S3Error } from './errors.ts';

/** A request's target, understood. An empty bucket is the service itself, an empty key the bucket. */
export interface Target {
  readonly bucket: string;
  readonly key: string;
  /** Without the `x-amz-*` parameters. */
  readonly query: ReadonlyMap<string, string>;
  /** Headers that a presigned URL carries in its query. */
  readonly hoistedHeaders: Readonly<Record<string, string>>;
}

const MAX_KEY_BYTES = 1024;

/**
 * Path-style (`/bucket/key`) and, on a host under `.localhost`, virtual-host style (`bucket.localhost`).
 * Dot segments are part of the key: the path is never normalised.
 * @throws S3Error InvalidURI, KeyTooLongError
 */
export function parseTarget(url: string, host: string): Target {
  const { path, parameters } = splitTarget(url);
  const query = new Map<string, string>();
  const hoistedHeaders: Record<string, string> = {};
  for (const [name, value] of parameters) {
    const lower = name.toLowerCase();
    if (!lower.startsWith('x-amz-')) query.set(name, value);
    else if (!NOT_HOISTED.has(lower)) hoistedHeaders[lower] = value;
  }
  const virtualBucket = /^([a-z0-9][a-z0-9.-]+)\.localhost(?::\d+)?$/.exec(host)?.[1];
  const slash = virtualBucket === undefined ? path.indexOf('/', 1) : 0;
  const bucket = virtualBucket ?? decodePath(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = slash < 0 ? '' : decodePath(path.slice(slash + 1));
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > MAX_KEY_BYTES) {
    throw new S3Error('KeyTooLongError', 'Your key is too long', {
      details: { Size: keyBytes, MaxSizeAllowed: MAX_KEY_BYTES },
    });
  }
  return { bucket, key, query, hoistedHeaders };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI: the path is not percent-encoded UTF-8.", {
      cause,
    });
  }
}

const WRITE_HEADERS = [
  'x-amz-storage-class',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
];
const CHECKSUM_HEADERS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'].map((name) => `x-amz-checksum-${name}`);
const BODY_HEADERS = [
  'x-amz-decoded-content-length',
  'x-amz-trailer',
  'x-amz-sdk-checksum-algorithm',
  ...CHECKSUM_HEADERS,
];
const READ_QUERY = [
  'versionId',
  'partNumber',
  ...['content-type', 'content-language', 'expires', 'cache-control', 'content-disposition', 'content-encoding'].map(
    (name) => `response-${name}`,
  ),
];

/** Authentication, and checksums: S3 ignores those in a query string, where SDKs put that of an empty body when they presign a PutObject. */
const NOT_HOISTED: ReadonlySet<string> = new Set([
  ...[
    'algorithm',
    'credential',
    'date',
    'expires',
    'signedheaders',
    'signature',
    'security-token',
    'content-sha256',
  ].map((name) => `x-amz-${name}`),
  'x-amz-sdk-checksum-algorithm',
  ...CHECKSUM_HEADERS,
]);

/** What each operation understands, beside what all do. Anything else is refused by name, never ignored. */
const OPERATIONS = {
  ListBuckets: { query: [], headers: [] },
  CreateBucket: { query: [], headers: BODY_HEADERS },
  HeadBucket: { query: [], headers: [] },
  ListObjectsV2: {
    query: [
      'list-type',
      'prefix',
      'delimiter',
      'max-keys',
      'continuation-token',
      'start-after',
      'encoding-type',
      'fetch-owner',
    ],
    headers: [],
  },
  ListObjectVersions: {
    query: ['versions', 'prefix', 'max-keys', 'key-marker', 'version-id-marker', 'encoding-type'],
    headers: [],
  },
  DeleteObjects: { query: ['delete'], headers: BODY_HEADERS },
  PutObject: { query: [], headers: [...WRITE_HEADERS, ...BODY_HEADERS] },
  GetObject: { query: READ_QUERY, headers: ['x-amz-checksum-mode'] },
  HeadObject: { query: READ_QUERY, headers: ['x-amz-checksum-mode'] },
  DeleteObject: { query: ['versionId'], headers: [] },
  CopyObject: {
    query: [],
    headers: [
      ...WRITE_HEADERS,
      'x-amz-metadata-directive',
      'x-amz-checksum-algorithm',
      ...['', '-if-match', '-if-none-match', '-if-modified-since', '-if-unmodified-since'].map(
        (suffix) => `x-amz-copy-source${suffix}`,
      ),
    ],
  },
  CreateMultipartUpload: {
    query: ['uploads'],
    headers: [...WRITE_HEADERS, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
  },
  UploadPart: { query: ['partNumber', 'uploadId'], headers: BODY_HEADERS },
  CompleteMultipartUpload: {
    query: ['uploadId'],
    headers: [...BODY_HEADERS, 'x-amz-checksum-type', 'x-amz-mp-object-size'],
  },
  AbortMultipartUpload: { query: ['uploadId'], headers: [] },
  ListParts: { query: ['uploadId', 'max-parts', 'part-number-marker'], headers: [] },
} as const satisfies Record<string, { query: readonly string[]; headers: readonly string[] }>;

export type OperationName = keyof typeof OPERATIONS;

const EVERYWHERE: ReadonlySet<string> = new Set([
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
  'x-amz-user-agent',
]);
const WITH_METADATA: ReadonlySet<OperationName> = new Set(['PutObject', 'CopyObject', 'CreateMultipartUpload']);

/**
 * The operation that a request asks for.
 * @throws S3Error NotImplemented, naming what this S3 does not know; MethodNotAllowed
 */
export function routeOperation(
  method: string,
  target: Target,
  headers: Readonly<Record<string, string>>,
): OperationName {
  const operation = operationOf(method, target, headers);
  if (operation === undefined) throw notImplemented(`${method} ${describe(target)}`);
  const { query, headers: ownHeaders }: { query: readonly string[]; headers: readonly string[] } =
    OPERATIONS[operation];
  for (const name of target.query.keys()) {
    if (name !== 'x-id' && !query.includes(name)) throw notImplemented(`the query parameter '${name}' of ${operation}`);
  }
  for (const name of Object.keys(headers)) {
    if (!name.startsWith('x-amz-') || EVERYWHERE.has(name) || ownHeaders.includes(name)) continue;
    if (name.startsWith('x-amz-meta-') && WITH_METADATA.has(operation)) continue;
    throw notImplemented(`the header '${name}' of ${operation}`, { Header: name });
  }
  return operation;
}

function operationOf(
  method: string,
  { bucket, key, query }: Target,
  headers: Readonly<Record<string, string>>,
): OperationName | undefined {
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : undefined;
  if (key === '') {
    if (method === 'PUT') return 'CreateBucket';
    if (method === 'HEAD') return 'HeadBucket';
    if (method === 'GET' && query.has('versions')) return 'ListObjectVersions';
    if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
    return method === 'POST' && query.has('delete') ? 'DeleteObjects' : undefined;
  }
  const ofUpload = query.has('uploadId');
  switch (method) {
    case 'GET':
      return ofUpload ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'PUT':
      if (ofUpload) return 'UploadPart';
      return 'x-amz-copy-source' in headers ? 'CopyObject' : 'PutObject';
    case 'POST':
      if (query.has('uploads')) return 'CreateMultipartUpload';
      return ofUpload ? 'CompleteMultipartUpload' : undefined;
    case 'DELETE':
      return ofUpload ? 'AbortMultipartUpload' : 'DeleteObject';
    default:
      return undefined;
  }
}

function describe({ bucket, key, query }: Target): string {
  const level = bucket === '' ? 'the service' : key === '' ? 'a bucket' : 'an object';
  const names = [...query.keys()].filter((name) => name !== 'x-id');
  return names.length === 0 ? `on ${level}` : `on ${level} with ?${names.map(percentEncode).join('&')}`;
}

export function notImplemented(what: string, details: Readonly<Record<string, string>> = {}): S3Error {
  return new S3Error(
    'NotImplemented',
    `A header or query parameter you provided implies functionality that is not implemented: ${what}.`,
    { details },
  );
}
