import { createHash } from 'node:crypto';
import { type Checksum, checksumOfParts } from './checksums.ts';
import { S3Error } from './errors.ts';
import type { Segment, UploadedPart } from './records.ts';
import type { OpenUpload } from './state.ts';
import { malformed } from './xml.ts';

/** "Amazon S3 multipart upload limits" (S3 User Guide). */
export const MAX_PARTS = 10_000;
const MIN_PART_BYTES = 5 * 1024 * 1024;

/** A part as the completing client names it. */
export interface ListedPart {
  readonly partNumber: number;
  readonly etag: string;
  /** Base64, when the client gave a checksum in the upload's algorithm. */
  readonly checksumBase64: string | undefined;
}

/** What the completing client says of the whole object. */
export interface ExpectedObject {
  readonly sizeBytes?: number;
  /** In the upload's algorithm; a composite one with the number of parts. */
  readonly checksum?: string;
}

export interface AssembledObject {
  readonly segments: readonly Segment[];
  /** The MD5 of the parts' MD5s, and their number. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly checksum: Checksum;
}

/**
 * Puts an upload's parts together as CompleteMultipartUpload documents it.
 * @throws S3Error MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest, BadDigest
 */
export function assembleParts(
  { upload, parts }: OpenUpload,
  listed: readonly ListedPart[],
  expected: ExpectedObject,
): AssembledObject {
  if (listed.length === 0 || listed.length > MAX_PARTS) throw malformed();
  const { checksumAlgorithm: algorithm, checksumType } = upload;
  const chosen = listed.map(({ partNumber, etag, checksumBase64 }, i) => {
    if (i > 0 && partNumber <= listed[i - 1]!.partNumber) {
      throw new S3Error(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
      );
    }
    if (upload.checksumDeclared && checksumType === 'COMPOSITE' && checksumBase64 === undefined) {
      throw new S3Error(
        'InvalidRequest',
        `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${partNumber} in the request.`,
      );
    }
    const part = parts.get(partNumber);
    if (
      part === undefined ||
      part.etag !== etag ||
      (checksumBase64 !== undefined && checksumBase64 !== part.checksumBase64)
    ) {
      throw new S3Error(
        'InvalidPart',
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        { details: { PartNumber: partNumber, ETag: etag } },
      );
    }
    return part;
  });
  for (const part of chosen.slice(0, -1)) {
    if (part.sizeBytes < MIN_PART_BYTES) {
      throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
        details: {
          ProposedSize: part.sizeBytes,
          MinSizeAllowed: MIN_PART_BYTES,
          PartNumber: part.partNumber,
          ETag: part.etag,
        },
      });
    }
  }
  const md5 = createHash('md5');
  for (const part of chosen) md5.update(part.etag, 'hex');
  const sizeBytes = chosen.reduce((sum, part) => sum + part.sizeBytes, 0);
  const checksum = checksumOfParts(algorithm, checksumType, chosen);
  if (expected.sizeBytes !== undefined && expected.sizeBytes !== sizeBytes) {
    throw new S3Error(
      'InvalidRequest',
      `The x-amz-mp-object-size ${expected.sizeBytes} does not match the ${sizeBytes} bytes of the parts.`,
    );
  }
  if (expected.checksum !== undefined && expected.checksum !== checksum.value) {
    throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
  }
  return {
    segments: chosen.map((part) => ({ blob: part.blob, sizeBytes: part.sizeBytes })),
    etag: `${md5.digest('hex')}-${chosen.length}`,
    sizeBytes,
    checksum,
  };
}

export interface PartsPage {
  readonly parts: readonly UploadedPart[];
  /** The last part's number when more follow. */
  readonly nextPartNumberMarker: number | undefined;
}

export function listParts({ parts }: OpenUpload, partNumberMarker: number, maxParts: number): PartsPage {
  const rest = [...parts.values()]
    .filter((part) => part.partNumber > partNumberMarker)
    .sort((a, b) => a.partNumber - b.partNumber);
  const page = rest.slice(0, maxParts);
  return { parts: page, nextPartNumberMarker: page.length < rest.length ? page.at(-1)?.partNumber : undefined };
}
