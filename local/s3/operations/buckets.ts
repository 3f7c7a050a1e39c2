import { percentEncode } from '../../signature-claim.ts';
import { xmlTime } from '../attributes.ts';
import { CHECKSUM_ALGORITHMS, checksumHeader } from '../checksums.ts';
import type { S3Engine } from '../engine.ts';
import { S3Error } from '../errors.ts';
import type { KeyVersion, ObjectVersion } from '../records.ts';
import { queryInteger, readDocument, type S3Request, type S3Response } from '../requests.ts';
import { childText, malformed, parseXml, type XmlElement, xmlDocument } from '../xml.ts';

/** The one account of the embedded cloud, as S3 shows an owner: a canonical user id. */
const OWNER: readonly XmlElement[] = [['ID', '75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a']];
const MAX_KEYS = 1000;

export function listBuckets(engine: S3Engine): S3Response {
  const buckets = engine.listBuckets().map(
    ({ name, createdMs }): XmlElement => [
      'Bucket',
      [
        ['Name', name],
        ['CreationDate', xmlTime(createdMs)],
      ],
    ],
  );
  return {
    status: 200,
    body: xmlDocument('ListAllMyBucketsResult', [
      ['Buckets', buckets],
      ['Owner', OWNER],
    ]),
  };
}

/** Makes a bucket without versioning. The region it names is that of the embedded cloud, whatever it is. */
export async function createBucket(engine: S3Engine, request: S3Request): Promise<S3Response> {
  const document = await readDocument(request);
  if (document !== '' && parseXml(document).name !== 'CreateBucketConfiguration') throw malformed();
  await engine.createBucket(request.bucket, false);
  return { status: 200, headers: { location: `/${request.bucket}` } };
}

export function headBucket(engine: S3Engine, { bucket, signature }: S3Request): S3Response {
  engine.bucket(bucket);
  return {
    status: 200,
    headers: { 'x-amz-bucket-region': signature.scope.split('/')[1], 'content-type': 'application/xml' },
  };
}

export function listObjectsV2(engine: S3Engine, request: S3Request): S3Response {
  const { bucket, query } = request;
  const encode = keyEncoding(request);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const startAfter = query.get('start-after');
  const continuationToken = query.get('continuation-token');
  const requested = queryInteger(request, 'max-keys', MAX_KEYS, { from: 0, to: 2 ** 31 - 1 });
  const maxKeys = Math.min(requested, MAX_KEYS);
  const page = engine.listObjects(bucket, { prefix, delimiter, maxKeys, startAfter, continuationToken });
  const withOwner = query.get('fetch-owner') === 'true';
  return {
    status: 200,
    body: xmlDocument('ListBucketResult', [
      ['Name', bucket],
      ['Prefix', encode(prefix)],
      ['StartAfter', startAfter === undefined ? undefined : encode(startAfter)],
      ['ContinuationToken', continuationToken],
      ['NextContinuationToken', page.nextContinuationToken],
      ['KeyCount', page.objects.length + page.commonPrefixes.length],
      ['MaxKeys', maxKeys],
      ['Delimiter', delimiter === '' ? undefined : encode(delimiter)],
      ['EncodingType', query.get('encoding-type')],
      ['IsTruncated', page.nextContinuationToken !== undefined],
      ...page.objects.map(
        (object): XmlElement => [
          'Contents',
          [
            ['Key', encode(object.key)],
            ...describe(object),
            ['Owner', withOwner ? OWNER : undefined],
            ['StorageClass', 'STANDARD'],
          ],
        ],
      ),
      ...page.commonPrefixes.map((common): XmlElement => ['CommonPrefixes', [['Prefix', encode(common)]]]),
    ]),
  };
}

export function listObjectVersions(engine: S3Engine, request: S3Request): S3Response {
  const { bucket, query } = request;
  const encode = keyEncoding(request);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') || undefined;
  const versionIdMarker = query.get('version-id-marker') || undefined;
  if (versionIdMarker !== undefined && keyMarker === undefined) {
    throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.', {
      details: { ArgumentName: 'version-id-marker', ArgumentValue: versionIdMarker },
    });
  }
  const maxKeys = Math.min(queryInteger(request, 'max-keys', MAX_KEYS, { from: 0, to: 2 ** 31 - 1 }), MAX_KEYS);
  const page = engine.listVersions(bucket, { prefix, maxKeys, keyMarker, versionIdMarker });
  return {
    status: 200,
    body: xmlDocument('ListVersionsResult', [
      ['Name', bucket],
      ['Prefix', encode(prefix)],
      ['KeyMarker', encode(keyMarker ?? '')],
      ['VersionIdMarker', versionIdMarker ?? ''],
      ['NextKeyMarker', page.next === undefined ? undefined : encode(page.next.keyMarker)],
      ['NextVersionIdMarker', page.next?.versionIdMarker],
      ['MaxKeys', maxKeys],
      ['EncodingType', query.get('encoding-type')],
      ['IsTruncated', page.next !== undefined],
      ...page.versions.map(
        (version): XmlElement => [
          version.kind === 'object' ? 'Version' : 'DeleteMarker',
          [
            ['Key', encode(version.key)],
            ['VersionId', version.versionId],
            ['IsLatest', version.isLatest],
            ...describe(version),
            ['StorageClass', version.kind === 'object' ? 'STANDARD' : undefined],
            ['Owner', OWNER],
          ],
        ],
      ),
    ]),
  };
}

function describe(version: ObjectVersion | KeyVersion): readonly XmlElement[] {
  const lastModified: XmlElement = ['LastModified', xmlTime(version.lastModifiedMs)];
  if (version.kind === 'marker') return [lastModified];
  return [
    lastModified,
    ['ETag', `"${version.etag}"`],
    ['ChecksumAlgorithm', version.checksum.algorithm],
    ['ChecksumType', version.checksum.type],
    ['Size', version.sizeBytes],
  ];
}

function keyEncoding({ query }: S3Request): (key: string) => string {
  const type = query.get('encoding-type');
  if (type === undefined) return (key) => key;
  if (type === 'url') return (key) => percentEncode(key).replaceAll('%2F', '/');
  throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request', {
    details: { ArgumentName: 'encoding-type', ArgumentValue: type },
  });
}

const MAX_DELETIONS = 1000;

/** Deletes up to 1,000 objects; `permit` refuses a key by throwing, and a refusal or failure is answered for that key alone. */
export async function deleteObjects(
  engine: S3Engine,
  request: S3Request,
  permit: (key: string, versionId?: string) => Promise<void>,
): Promise<S3Response> {
  const { bucket, headers } = request;
  const trailer = headers['x-amz-trailer'];
  if (
    headers['content-md5'] === undefined &&
    trailer === undefined &&
    !CHECKSUM_ALGORITHMS.some((name) => checksumHeader(name) in headers)
  ) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5');
  }
  const document = parseXml(await readDocument(request));
  const objects = document.children.filter(({ name }) => name === 'Object');
  if (document.name !== 'Delete' || objects.length === 0 || objects.length > MAX_DELETIONS) throw malformed();
  engine.bucket(bucket);
  const quiet = childText(document, 'Quiet') === 'true';
  const results: XmlElement[] = [];
  for (const object of objects) {
    const key = childText(object, 'Key');
    const versionId = childText(object, 'VersionId');
    if (key === undefined || key === '') throw malformed();
    try {
      await permit(key, versionId);
      const outcome = await engine.deleteObject({ bucket, key }, versionId, childText(object, 'ETag'));
      if (quiet) continue;
      results.push([
        'Deleted',
        [
          ['Key', key],
          ['VersionId', versionId],
          ['DeleteMarker', outcome.deleteMarker ? true : undefined],
          ['DeleteMarkerVersionId', outcome.deleteMarker ? outcome.versionId : undefined],
        ],
      ]);
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      results.push([
        'Error',
        [
          ['Key', key],
          ['VersionId', versionId],
          ['Code', error.code],
          ['Message', error.message],
        ],
      ]);
    }
  }
  return { status: 200, body: xmlDocument('DeleteResult', results) };
}
