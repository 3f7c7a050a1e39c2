import { attributesOf, encryptionHeaders, versionHeader, writeConditionOf, xmlTime } from '../attributes.ts';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumHeader,
  DEFAULT_CHECKSUM,
} from '../checksums.ts';
import type { S3Engine } from '../engine.ts';
import { S3Error } from '../errors.ts';
import { type ListedPart, MAX_PARTS } from '../multipart.ts';
import { incomingContent, queryInteger, readDocument, type S3Request, type S3Response } from '../requests.ts';
import { childText, malformed, type ParsedElement, parseXml, type XmlElement, xmlDocument } from '../xml.ts';
import { requestedAlgorithm } from './objects.ts';

export async function createMultipartUpload(engine: S3Engine, request: S3Request): Promise<S3Response> {
  const { bucket, key, headers } = request;
  const declared = requestedAlgorithm(headers['x-amz-checksum-algorithm']);
  const algorithm = declared ?? DEFAULT_CHECKSUM;
  const type = checksumTypeOf(algorithm, headers['x-amz-checksum-type']);
  const upload = await engine.uploads.create(request, attributesOf(headers), {
    algorithm,
    type,
    declared: declared !== undefined,
  });
  return {
    status: 200,
    headers: {
      ...encryptionHeaders(upload.encryption),
      ...(declared === undefined ? {} : { 'x-amz-checksum-algorithm': declared, 'x-amz-checksum-type': type }),
    },
    body: xmlDocument('InitiateMultipartUploadResult', [
      ['Bucket', bucket],
      ['Key', key],
      ['UploadId', upload.uploadId],
    ]),
  };
}

/** "Full object and composite checksum types" (S3 User Guide): SHA is composite only, CRC64NVME full object only. */
function checksumTypeOf(algorithm: ChecksumAlgorithm, requested: string | undefined): ChecksumType {
  const allowed: readonly ChecksumType[] =
    algorithm === 'CRC64NVME'
      ? ['FULL_OBJECT']
      : algorithm.startsWith('SHA')
        ? ['COMPOSITE']
        : ['COMPOSITE', 'FULL_OBJECT'];
  const type = requested === undefined ? allowed[0] : allowed.find((one) => one === requested);
  if (type === undefined) {
    throw new S3Error(
      'InvalidRequest',
      `The ${requested} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return type;
}

export async function uploadPart(engine: S3Engine, request: S3Request): Promise<S3Response> {
  const { query } = request;
  const partNumber = partNumberOf(query.get('partNumber'));
  const uploadId = query.get('uploadId') ?? '';
  const upload = engine.uploads.find(request, uploadId);
  const content = incomingContent(request);
  const { sentAlgorithm = upload.checksumAlgorithm } = content;
  if (upload.checksumDeclared && sentAlgorithm !== upload.checksumAlgorithm) {
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksumAlgorithm.toLowerCase()}, actual checksum Type: ${sentAlgorithm.toLowerCase()}`,
    );
  }
  const part = await engine.uploads.putPart(request, uploadId, partNumber, content);
  return {
    status: 200,
    headers: {
      etag: `"${part.etag}"`,
      [checksumHeader(sentAlgorithm)]: content.expected().checksumBase64 ?? part.checksumBase64,
      ...encryptionHeaders(upload.encryption),
    },
  };
}

function partNumberOf(text: string | undefined): number {
  const partNumber = Number(text);
  if (text === undefined || !/^\d+$/.test(text) || partNumber < 1 || partNumber > MAX_PARTS) {
    throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`, {
      details: { ArgumentName: 'partNumber', ArgumentValue: text ?? '' },
    });
  }
  return partNumber;
}

export async function completeMultipartUpload(engine: S3Engine, request: S3Request): Promise<S3Response> {
  const { bucket, key, query, headers } = request;
  const uploadId = query.get('uploadId') ?? '';
  const upload = engine.uploads.find(request, uploadId);
  const document = parseXml(await readDocument({ ...request, headers: withoutChecksums(headers) }));
  if (document.name !== 'CompleteMultipartUpload') throw malformed();
  const listed = document.children
    .filter(({ name }) => name === 'Part')
    .map((part) => listedPart(part, upload.checksumAlgorithm));
  const type = headers['x-amz-checksum-type'];
  if (type !== undefined && type !== upload.checksumType) {
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using the ${upload.checksumType} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const size = headers['x-amz-mp-object-size'];
  const value = headers[checksumHeader(upload.checksumAlgorithm)];
  const expected = {
    ...(size === undefined ? {} : { sizeBytes: Number(size) }),
    ...(value === undefined ? {} : { checksum: value }),
  };
  const version = await engine.uploads.complete(request, uploadId, listed, expected, writeConditionOf(headers));
  return {
    status: 200,
    headers: { ...encryptionHeaders(version.encryption), ...versionHeader(engine.bucket(bucket), version.versionId) },
    body: xmlDocument('CompleteMultipartUploadResult', [
      ['Location', `http://${headers['host']}/${bucket}/${encodeURIComponent(key).replaceAll('%2F', '/')}`],
      ['Bucket', bucket],
      ['Key', key],
      ['ETag', `"${version.etag}"`],
      [`Checksum${version.checksum.algorithm}`, version.checksum.value],
      ['ChecksumType', version.checksum.type],
    ]),
  };
}

/** On CompleteMultipartUpload a checksum header is the object's, not the document's. */
function withoutChecksums(headers: Readonly<Record<string, string>>): Record<string, string> {
  const ofObject = new Set(CHECKSUM_ALGORITHMS.map(checksumHeader));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofObject.has(name)));
}

function listedPart(part: ParsedElement, algorithm: ChecksumAlgorithm): ListedPart {
  const number = childText(part, 'PartNumber') ?? '';
  const etag = childText(part, 'ETag');
  if (!/^\d{1,9}$/.test(number) || etag === undefined) throw malformed();
  return {
    partNumber: Number(number),
    etag: etag.trim().replace(/^"(.*)"$/, '$1'),
    checksumBase64: childText(part, `Checksum${algorithm}`),
  };
}

export async function abortMultipartUpload(engine: S3Engine, request: S3Request): Promise<S3Response> {
  await engine.uploads.abort(request, request.query.get('uploadId') ?? '');
  return { status: 204 };
}

export function listParts(engine: S3Engine, request: S3Request): S3Response {
  const { bucket, key, query } = request;
  const uploadId = query.get('uploadId') ?? '';
  const marker = queryInteger(request, 'part-number-marker', 0, { from: 0, to: 2 ** 31 - 1 });
  const maxParts = Math.min(queryInteger(request, 'max-parts', 1000, { from: 0, to: 2 ** 31 - 1 }), 1000);
  const upload = engine.uploads.find(request, uploadId);
  const page = engine.uploads.listParts(request, uploadId, marker, maxParts);
  return {
    status: 200,
    body: xmlDocument('ListPartsResult', [
      ['Bucket', bucket],
      ['Key', key],
      ['UploadId', uploadId],
      ['PartNumberMarker', marker],
      ['NextPartNumberMarker', page.nextPartNumberMarker],
      ['MaxParts', maxParts],
      ['IsTruncated', page.nextPartNumberMarker !== undefined],
      ...page.parts.map(
        (part): XmlElement => [
          'Part',
          [
            ['PartNumber', part.partNumber],
            ['LastModified', xmlTime(part.lastModifiedMs)],
            ['ETag', `"${part.etag}"`],
            ['Size', part.sizeBytes],
            [`Checksum${upload.checksumAlgorithm}`, part.checksumBase64],
          ],
        ],
      ),
      ['StorageClass', 'STANDARD'],
      ['ChecksumAlgorithm', upload.checksumDeclared ? upload.checksumAlgorithm : undefined],
      ['ChecksumType', upload.checksumDeclared ? upload.checksumType : undefined],
    ]),
  };
}
