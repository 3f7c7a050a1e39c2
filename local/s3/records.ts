import type { Checksum, ChecksumAlgorithm, ChecksumType } from './checksums.ts';
import type { S3Event } from './events.ts';

/** What the embedded S3 remembers. All of it is plain JSON, so that the journal holds it as it is. */

export type Versioning = 'Unversioned' | 'Enabled' | 'Suspended';

export interface Bucket {
  readonly name: string;
  readonly createdMs: number;
  readonly versioning: Versioning;
}

/** A stretch of an object's content: all of it, or one part of a multipart upload. */
export interface Segment {
  readonly blob: string;
  readonly sizeBytes: number;
}

export interface Encryption {
  readonly algorithm: 'AES256' | 'aws:kms';
  readonly keyId?: string;
  readonly bucketKey?: boolean;
}

/** What a client says about an object and gets back with it. */
export interface ObjectAttributes {
  /** Cache-Control, Content-Disposition, Content-Encoding, Content-Language, Content-Type, Expires; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata: names in lower case, without `x-amz-meta-`; values as the Latin-1 text of the bytes received. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly encryption: Encryption;
}

export interface ObjectVersion extends ObjectAttributes {
  readonly kind: 'object';
  readonly key: string;
  /** `null` for an object written while its bucket was not versioned. */
  readonly versionId: string;
  readonly lastModifiedMs: number;
  /** Without quotes: the content's MD5 in hex, or `<MD5 of the parts' MD5s>-<number of parts>`. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly segments: readonly Segment[];
  readonly multipart: boolean;
  readonly checksum: Checksum;
}

export interface DeleteMarker {
  readonly kind: 'marker';
  readonly key: string;
  readonly versionId: string;
  readonly lastModifiedMs: number;
}

export type KeyVersion = ObjectVersion | DeleteMarker;

export interface UploadedPart extends Segment {
  readonly partNumber: number;
  readonly lastModifiedMs: number;
  readonly etag: string;
  /** In the upload's algorithm: base64. */
  readonly checksumBase64: string;
}

export interface Upload extends ObjectAttributes {
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiatedMs: number;
  readonly checksumAlgorithm: ChecksumAlgorithm;
  readonly checksumType: ChecksumType;
  /** Whether the client chose the algorithm; parts are then held to it. */
  readonly checksumDeclared: boolean;
}

/** A change, as journalled: applying all of them in order gives the state. `sequence` orders the changes to objects. */
export type JournalRecord =
  | { readonly type: 'bucket'; readonly bucket: Bucket }
  | {
      readonly type: 'version';
      readonly bucket: string;
      readonly version: KeyVersion;
      readonly sequence: number;
      readonly completes?: string;
    }
  | {
      readonly type: 'removed';
      readonly bucket: string;
      readonly key: string;
      readonly versionId: string;
      readonly sequence: number;
    }
  | { readonly type: 'upload'; readonly upload: Upload }
  | { readonly type: 'part'; readonly uploadId: string; readonly part: UploadedPart }
  | { readonly type: 'aborted'; readonly uploadId: string }
  | { readonly type: 'sequence'; readonly next: number };

/** A change and what is told of it, as one line of the journal: an event is never lost that belongs to an accepted change. */
export type JournalEntry = JournalRecord & { readonly event?: S3Event };
