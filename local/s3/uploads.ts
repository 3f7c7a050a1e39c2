import type { ChecksumAlgorithm, ChecksumType } from './checksums.ts';
import type { Commits } from './commits.ts';
import type { WriteCondition } from './conditions.ts';
import type { Contents, IncomingContent } from './contents.ts';
import type { Creations, ObjectLocation } from './creations.ts';
import { assembleParts, type ExpectedObject, type ListedPart, listParts, type PartsPage } from './multipart.ts';
import type { ObjectAttributes, ObjectVersion, Upload, UploadedPart } from './records.ts';
import type { S3State } from './state.ts';

interface UploadsOptions {
  readonly state: S3State;
  readonly contents: Contents;
  readonly commits: Commits;
  readonly creations: Creations;
  readonly clock: () => number;
  readonly newId: () => string;
}

/** Multipart uploads. All but `create` throw S3Error NoSuchUpload for an upload that is not open under this bucket and key. */
export class Uploads {
  readonly #options: UploadsOptions;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** @throws S3Error NoSuchBucket */
  async create(
    { bucket, key }: ObjectLocation,
    attributes: ObjectAttributes,
    checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType; readonly declared: boolean },
  ): Promise<Upload> {
    const { state, commits, clock, newId } = this.#options;
    state.contents(bucket);
    const upload: Upload = {
      ...attributes,
      uploadId: newId(),
      bucket,
      key,
      initiatedMs: clock(),
      checksumAlgorithm: checksum.algorithm,
      checksumType: checksum.type,
      checksumDeclared: checksum.declared,
    };
    return commits.commit(() => ({ record: { type: 'upload', upload }, result: upload }));
  }

  find({ bucket, key }: ObjectLocation, uploadId: string): Upload {
    return this.#options.state.upload(bucket, key, uploadId).upload;
  }

  /** Stores a part, in the place of one with the same number. Also throws what reading the content throws. */
  async putPart(
    location: ObjectLocation,
    uploadId: string,
    partNumber: number,
    content: IncomingContent,
  ): Promise<UploadedPart> {
    const { contents, commits, clock } = this.#options;
    const { checksumAlgorithm } = this.find(location, uploadId);
    const { segment, digests } = await contents.write(content, checksumAlgorithm);
    const { md5Hex: etag, checksumBase64 } = digests;
    return commits.commit(() => {
      this.find(location, uploadId);
      const part = { ...segment, partNumber, lastModifiedMs: clock(), etag, checksumBase64 };
      return { record: { type: 'part', uploadId, part }, result: part };
    }, [segment]);
  }

  /** Makes an object of the parts listed and drops the others. Also throws what `assembleParts` and `Creations.create` throw. */
  async complete(
    location: ObjectLocation,
    uploadId: string,
    listed: readonly ListedPart[],
    expected: ExpectedObject,
    condition?: WriteCondition,
  ): Promise<ObjectVersion> {
    const { state, creations } = this.#options;
    this.find(location, uploadId);
    const draft = () => {
      const open = state.upload(location.bucket, location.key, uploadId);
      const { headers, metadata, encryption } = open.upload;
      return { headers, metadata, encryption, multipart: true, ...assembleParts(open, listed, expected) };
    };
    return creations.create(location, 'CompleteMultipartUpload', condition, async () => ({
      written: [],
      draft,
      completes: uploadId,
    }));
  }

  async abort(location: ObjectLocation, uploadId: string): Promise<void> {
    await this.#options.commits.commit(() => {
      this.find(location, uploadId);
      return { record: { type: 'aborted', uploadId }, result: undefined };
    });
  }

  listParts({ bucket, key }: ObjectLocation, uploadId: string, partNumberMarker: number, maxParts: number): PartsPage {
    return listParts(this.#options.state.upload(bucket, key, uploadId), partNumberMarker, maxParts);
  }
}
