import type { WriteCondition } from './conditions.ts';
import { S3Error } from './errors.ts';
import type { Bucket, Encryption, ObjectAttributes, ObjectVersion } from './records.ts';
import { notImplemented } from './routing.ts';

type Headers = Readonly<Record<string, string>>;

/** The headers that S3 keeps with an object and gives back ("System-defined object metadata", S3 User Guide). */
const KEPT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const METADATA_PREFIX = 'x-amz-meta-';
const MAX_METADATA_BYTES = 2048;

/** @throws S3Error MetadataTooLarge, InvalidArgument, NotImplemented */
export function attributesOf(headers: Headers): ObjectAttributes {
  if ((headers['x-amz-storage-class'] ?? 'STANDARD') !== 'STANDARD') {
    throw notImplemented(`the storage class '${headers['x-amz-storage-class']}'`, { Header: 'x-amz-storage-class' });
  }
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of KEPT_HEADERS) {
    const value = name === 'content-encoding' ? withoutAwsChunked(headers[name]) : headers[name];
    if (value !== undefined && value !== '') kept[name] = value;
  }
  const metadata: Record<string, string> = {};
  let metadataBytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(METADATA_PREFIX)) continue;
    metadata[name.slice(METADATA_PREFIX.length)] = value;
    metadataBytes += name.length - METADATA_PREFIX.length + value.length;
  }
  if (metadataBytes > MAX_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      details: { Size: metadataBytes, MaxSizeAllowed: MAX_METADATA_BYTES },
    });
  }
  return { headers: kept, metadata, encryption: encryptionOf(headers) };
}

/** `aws-chunked` codes the transfer, not the object: S3 keeps what else is named. */
function withoutAwsChunked(encoding: string | undefined): string | undefined {
  return encoding
    ?.split(',')
    .map((token) => token.trim())
    .filter((token) => token !== 'aws-chunked')
    .join(',');
}

function encryptionOf(headers: Headers): Encryption {
  const algorithm = headers['x-amz-server-side-encryption'] ?? 'AES256';
  const keyId = headers['x-amz-server-side-encryption-aws-kms-key-id'];
  const bucketKey = headers['x-amz-server-side-encryption-bucket-key-enabled'];
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms') {
    throw notImplemented(`the server-side encryption '${algorithm}'`, { Header: 'x-amz-server-side-encryption' });
  }
  if (algorithm === 'AES256' && keyId !== undefined) {
    throw new S3Error(
      'InvalidArgument',
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      { details: { ArgumentName: 'x-amz-server-side-encryption', ArgumentValue: algorithm } },
    );
  }
  return {
    algorithm,
    ...(keyId === undefined ? {} : { keyId }),
    ...(bucketKey === undefined ? {} : { bucketKey: bucketKey === 'true' }),
  };
}

/** @throws S3Error NotImplemented on an If-None-Match that is not `*`, or on both conditions at once */
export function writeConditionOf(headers: Headers): WriteCondition | undefined {
  const { 'if-none-match': ifNoneMatch, 'if-match': ifMatch } = headers;
  if (ifNoneMatch !== undefined && (ifNoneMatch !== '*' || ifMatch !== undefined)) {
    throw notImplemented(`an If-None-Match on a write other than '*' alone`, { Header: 'If-None-Match' });
  }
  if (ifNoneMatch === '*') return { ifNoneMatch };
  if (ifMatch === '*') throw notImplemented(`an If-Match on a write other than an ETag`, { Header: 'If-Match' });
  return ifMatch === undefined ? undefined : { ifMatch };
}

export function encryptionHeaders({ algorithm, keyId, bucketKey }: Encryption): Record<string, string | undefined> {
  return {
    'x-amz-server-side-encryption': algorithm,
    'x-amz-server-side-encryption-aws-kms-key-id': keyId,
    'x-amz-server-side-encryption-bucket-key-enabled': bucketKey === undefined ? undefined : String(bucketKey),
  };
}

/** The id of a version as a response shows it: not at all in a bucket that was never versioned. */
export function versionHeader({ versioning }: Bucket, versionId: string): Record<string, string | undefined> {
  return { 'x-amz-version-id': versioning === 'Unversioned' ? undefined : versionId };
}

/** The headers of a whole object, without its length. */
export function objectHeaders(version: ObjectVersion, bucket: Bucket): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = {
    'accept-ranges': 'bytes',
    etag: `"${version.etag}"`,
    'last-modified': new Date(version.lastModifiedMs).toUTCString(),
    ...version.headers,
    ...versionHeader(bucket, version.versionId),
    ...encryptionHeaders(version.encryption),
  };
  for (const [name, value] of Object.entries(version.metadata))
    headers[`${METADATA_PREFIX}${name}`] = encodedWord(value);
  return headers;
}

/**
 * User metadata beyond US-ASCII comes back as an encoded word of RFC 2047 ("User-defined object metadata", S3 User Guide, whose example takes
 * the bytes sent for Latin-1, as Node does).
 */
function encodedWord(value: string): string {
  return /^[\x20-\x7e\t]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

/** S3 tells times to the second. */
export function xmlTime(timeMs: number): string {
  return new Date(Math.floor(timeMs / 1000) * 1000).toISOString();
}
