import { type ChecksumAlgorithm, type ChecksumType, DEFAULT_CHECKSUM } from './checksums.ts';
import { checkDelete, checkWrite, noSuchKey, type WriteCondition } from './conditions.ts';
import { type ByteRange, Contents, type HeldContent, type IncomingContent } from './contents.ts';
import { S3Error } from './errors.ts';
import type { S3Event } from './events.ts';
import {
  type ListPage,
  type ListQuery,
  type ListVersionsPage,
  type ListVersionsQuery,
  listObjects,
  listVersions,
} from './listing.ts';
import { assembleParts, type ListedPart, listParts, type PartsPage } from './multipart.ts';
import type {
  Bucket,
  JournalRecord,
  KeyVersion,
  ObjectAttributes,
  ObjectVersion,
  Segment,
  Upload,
  UploadedPart,
} from './records.ts';
import { S3State } from './state.ts';
import type { S3Store } from './store.ts';

export interface EngineOptions {
  readonly store: S3Store;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Unique 32-character lower-case hexadecimal text: blob, version and upload ids. */
  readonly newId: () => string;
  /** Told of each change once it is durable; must not throw, since the change stands. */
  readonly onEvent: (event: S3Event) => void;
}

export interface ObjectLocation {
  readonly bucket: string;
  readonly key: string;
}

export interface DeletionOutcome {
  readonly deleteMarker: boolean;
  /** The version that was removed, or the delete marker that was made; undefined in a bucket that was never versioned. */
  readonly versionId: string | undefined;
}

type CreationReason = Extract<S3Event, { type: 'ObjectCreated' }>['reason'];

/** S3's behaviour without HTTP, permissions or clock: buckets, objects, versions and multipart uploads over a store. */
export class S3Engine {
  readonly #store: S3Store;
  readonly #clock: () => number;
  readonly #newId: () => string;
  readonly #onEvent: (event: S3Event) => void;
  readonly #contents: Contents;
  readonly #state = new S3State();
  /** Conditional writes under way: a deletion of their key meanwhile makes them a conflict. */
  readonly #conditionalWrites = new Set<{ readonly location: ObjectLocation; deletedMeanwhile: boolean }>();

  private constructor({ store, clock, newId, onEvent }: EngineOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#newId = newId;
    this.#onEvent = onEvent;
    this.#contents = new Contents(store, newId);
  }

  /** Rebuilds the state from the store, and tidies the store. */
  static async open(options: EngineOptions): Promise<S3Engine> {
    const engine = new S3Engine(options);
    let replayed = 0;
    for (const record of options.store.replay()) {
      engine.#state.apply(record);
      replayed++;
    }
    const needed = [...engine.#state.records()];
    if (replayed > 2 * needed.length) options.store.rewrite(needed);
    await options.store.retainBlobs(engine.#state.blobs());
    return engine;
  }

  /** @throws S3Error BucketAlreadyOwnedByYou, InvalidBucketName */
  async createBucket(name: string, versioned: boolean): Promise<Bucket> {
    if (!isBucketName(name))
      throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', { details: { BucketName: name } });
    if (this.#state.findBucket(name) !== undefined) {
      throw new S3Error(
        'BucketAlreadyOwnedByYou',
        'Your previous request to create the named bucket succeeded and you already own it.',
        {
          details: { BucketName: name },
        },
      );
    }
    const bucket: Bucket = { name, createdMs: this.#clock(), versioning: versioned ? 'Enabled' : 'Unversioned' };
    await this.#commit({ type: 'bucket', bucket });
    return bucket;
  }

  /** Makes sure that a bucket is there and versioned or not; a bucket that is no longer versioned is suspended, as in S3. */
  async ensureBucket(name: string, versioned: boolean): Promise<Bucket> {
    const known = this.#state.findBucket(name);
    if (known === undefined) return this.createBucket(name, versioned);
    const versioning = versioned ? 'Enabled' : known.versioning === 'Unversioned' ? 'Unversioned' : 'Suspended';
    if (versioning === known.versioning) return known;
    const bucket = { ...known, versioning } as const;
    await this.#commit({ type: 'bucket', bucket });
    return bucket;
  }

  /** @throws S3Error NoSuchBucket */
  bucket(name: string): Bucket {
    return this.#state.contents(name).bucket;
  }

  listBuckets(): readonly Bucket[] {
    return this.#state.buckets();
  }

  /** @throws S3Error NoSuchBucket, InvalidArgument */
  listObjects(bucket: string, query: ListQuery): ListPage {
    return listObjects(this.#state.contents(bucket), query);
  }

  /** @throws S3Error NoSuchBucket */
  listVersions(bucket: string, query: ListVersionsQuery): ListVersionsPage {
    return listVersions(this.#state.contents(bucket), query);
  }

  /**
   * The current object of a key, or the version named.
   * @throws S3Error NoSuchBucket, NoSuchKey, NoSuchVersion; MethodNotAllowed when the version named is a delete marker
   */
  object({ bucket, key }: ObjectLocation, versionId?: string): ObjectVersion {
    if (versionId !== undefined) checkVersionId(versionId);
    const version = this.#state.find(bucket, key, versionId);
    if (version?.kind === 'object') return version;
    if (version === undefined) {
      if (versionId === undefined) throw noSuchKey(key);
      throw new S3Error('NoSuchVersion', 'The specified version does not exist.', {
        details: { Key: key, VersionId: versionId },
      });
    }
    const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
    if (versionId === undefined) throw noSuchKey(key, headers);
    throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
      details: { Method: 'GET', ResourceType: 'DeleteMarker' },
      headers: { ...headers, allow: 'DELETE', 'last-modified': new Date(version.lastModifiedMs).toUTCString() },
    });
  }

  /** An object's bytes. They stay readable to the end even if the object is deleted meanwhile; whoever does not iterate calls `release`. */
  read(version: ObjectVersion, range: ByteRange = { start: 0, end: version.sizeBytes }): HeldContent {
    return this.#contents.read(version.segments, range);
  }

  /** @throws S3Error NoSuchBucket, PreconditionFailed, ConditionalRequestConflict, NoSuchKey, and what reading the content throws */
  async putObject(
    location: ObjectLocation,
    content: IncomingContent,
    attributes: ObjectAttributes,
    condition?: WriteCondition,
  ): Promise<ObjectVersion> {
    const algorithm = content.sentAlgorithm ?? DEFAULT_CHECKSUM;
    return this.#create(location, condition, 'PutObject', () => this.#singlePart(content, attributes, algorithm));
  }

  /** Copies an object's bytes into a new one, whose ETag and checksum are of a single part ("CopyObject", S3 API Reference). */
  async copyObject(
    source: ObjectVersion,
    destination: ObjectLocation,
    attributes: ObjectAttributes,
    checksumAlgorithm: ChecksumAlgorithm,
    condition?: WriteCondition,
  ): Promise<ObjectVersion> {
    const chunks = this.read(source);
    const expected = () => ({ sizeBytes: source.sizeBytes });
    const content = { chunks, sentAlgorithm: undefined, sha256Signed: false, expected };
    try {
      return await this.#create(destination, condition, 'CopyObject', () =>
        this.#singlePart(content, attributes, checksumAlgorithm),
      );
    } finally {
      await chunks.release();
    }
  }

  /**
   * Without a version id, deletes the object, or in a versioned bucket hides it behind a delete marker; with one, removes that version for good.
   * @throws S3Error NoSuchBucket; with `ifMatch` also PreconditionFailed, NoSuchKey
   */
  async deleteObject(location: ObjectLocation, versionId?: string, ifMatch?: string): Promise<DeletionOutcome> {
    const { bucket, key } = location;
    const { versioning } = this.bucket(bucket);
    if (versionId !== undefined) checkVersionId(versionId);
    if (ifMatch !== undefined) checkDelete(ifMatch, key, this.#state.find(bucket, key));
    const atMs = this.#clock();
    const sequence = this.#state.nextSequence;
    const event = {
      type: 'ObjectDeleted',
      bucket,
      key,
      reason: 'DeleteObject',
      sequencer: sequencer(sequence),
      atMs,
    } as const;
    if (versionId === undefined && versioning !== 'Unversioned') {
      const marker: KeyVersion = {
        kind: 'marker',
        key,
        versionId: versioning === 'Enabled' ? this.#newId() : 'null',
        lastModifiedMs: atMs,
      };
      this.#noteDeletion(location);
      await this.#commit(
        { type: 'version', bucket, version: marker, sequence },
        { ...event, versionId: marker.versionId, deletionType: 'Delete Marker Created' },
      );
      return { deleteMarker: true, versionId: marker.versionId };
    }
    const removed = this.#state.find(bucket, key, versionId ?? 'null');
    if (removed !== undefined) {
      if (removed === this.#state.find(bucket, key)) this.#noteDeletion(location);
      const shownId = versioning === 'Unversioned' ? undefined : removed.versionId;
      await this.#commit(
        { type: 'removed', bucket, key, versionId: removed.versionId, sequence },
        { ...event, versionId: shownId, deletionType: 'Permanently Deleted' },
      );
    }
    return { deleteMarker: removed?.kind === 'marker', versionId };
  }

  /** @throws S3Error NoSuchBucket */
  async createUpload(
    { bucket, key }: ObjectLocation,
    attributes: ObjectAttributes,
    checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType; readonly declared: boolean },
  ): Promise<Upload> {
    this.bucket(bucket);
    const upload: Upload = {
      ...attributes,
      uploadId: this.#newId(),
      bucket,
      key,
      initiatedMs: this.#clock(),
      checksumAlgorithm: checksum.algorithm,
      checksumType: checksum.type,
      checksumDeclared: checksum.declared,
    };
    await this.#commit({ type: 'upload', upload });
    return upload;
  }

  /** @throws S3Error NoSuchUpload */
  upload({ bucket, key }: ObjectLocation, uploadId: string): Upload {
    return this.#state.upload(bucket, key, uploadId).upload;
  }

  /** Stores a part, in the place of one with the same number. @throws S3Error NoSuchUpload, and what reading the content throws */
  async uploadPart(
    { bucket, key }: ObjectLocation,
    uploadId: string,
    partNumber: number,
    content: IncomingContent,
  ): Promise<UploadedPart> {
    const { upload } = this.#state.upload(bucket, key, uploadId);
    const { segment, digests } = await this.#contents.write(content, upload.checksumAlgorithm);
    const { md5Hex: etag, checksumBase64 } = digests;
    return this.#commitContent([segment], () => {
      this.#state.upload(bucket, key, uploadId);
      const part = { ...segment, partNumber, lastModifiedMs: this.#clock(), etag, checksumBase64 };
      return { record: { type: 'part', uploadId, part }, result: part };
    });
  }

  /** @throws S3Error NoSuchUpload, and what `assembleParts` throws */
  async completeUpload(
    location: ObjectLocation,
    uploadId: string,
    listed: readonly ListedPart[],
    expected: { readonly sizeBytes?: number; readonly checksumBase64?: string },
    condition?: WriteCondition,
  ): Promise<ObjectVersion> {
    const open = this.#state.upload(location.bucket, location.key, uploadId);
    const assembled = assembleParts(open, listed);
    if (expected.sizeBytes !== undefined && expected.sizeBytes !== assembled.sizeBytes) {
      throw new S3Error(
        'InvalidRequest',
        `The x-amz-mp-object-size ${expected.sizeBytes} does not match the ${assembled.sizeBytes} bytes of the parts.`,
      );
    }
    if (expected.checksumBase64 !== undefined && expected.checksumBase64 !== assembled.checksum.value) {
      throw new S3Error(
        'BadDigest',
        `The ${assembled.checksum.algorithm} you specified did not match the calculated checksum.`,
      );
    }
    const { headers, metadata, encryption } = open.upload;
    const segments = assembled.parts.map(({ blob, sizeBytes }) => ({ blob, sizeBytes }));
    const { etag, sizeBytes, checksum } = assembled;
    const draft = { headers, metadata, encryption, etag, sizeBytes, segments, multipart: true, checksum };
    return this.#create(location, condition, 'CompleteMultipartUpload', async () => draft, uploadId);
  }

  /** @throws S3Error NoSuchUpload */
  async abortUpload({ bucket, key }: ObjectLocation, uploadId: string): Promise<void> {
    this.#state.upload(bucket, key, uploadId);
    await this.#commit({ type: 'aborted', uploadId });
  }

  /** @throws S3Error NoSuchUpload */
  listParts({ bucket, key }: ObjectLocation, uploadId: string, partNumberMarker: number, maxParts: number): PartsPage {
    return listParts(this.#state.upload(bucket, key, uploadId), partNumberMarker, maxParts);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #singlePart(
    content: IncomingContent,
    attributes: ObjectAttributes,
    algorithm: ChecksumAlgorithm,
  ): Promise<ObjectDraft> {
    const { segment, digests } = await this.#contents.write(content, algorithm);
    const { headers, metadata, encryption } = attributes;
    return {
      headers,
      metadata,
      encryption,
      etag: digests.md5Hex,
      sizeBytes: digests.sizeBytes,
      segments: [segment],
      multipart: false,
      checksum: { algorithm, type: 'FULL_OBJECT', value: digests.checksumBase64 },
    };
  }

  /**
   * Makes a new current object. The condition is checked before the content is read, to refuse early, and again at the moment of the change:
   * of concurrent writers that ask for absence, one wins.
   */
  async #create(
    location: ObjectLocation,
    condition: WriteCondition | undefined,
    reason: CreationReason,
    prepare: () => Promise<ObjectDraft>,
    completes?: string,
  ): Promise<ObjectVersion> {
    const { bucket, key } = location;
    this.bucket(bucket);
    if (condition !== undefined) checkWrite(condition, key, this.#state.find(bucket, key));
    const underWay = { location, deletedMeanwhile: false };
    if (condition !== undefined) this.#conditionalWrites.add(underWay);
    try {
      const draft = await prepare();
      return await this.#commitContent(completes === undefined ? draft.segments : [], () => {
        if (completes !== undefined) this.#state.upload(bucket, key, completes);
        if (underWay.deletedMeanwhile) {
          throw new S3Error(
            'ConditionalRequestConflict',
            'The conditional request cannot succeed due to a conflicting operation against this resource.',
            {
              details: { Key: key },
            },
          );
        }
        if (condition !== undefined) checkWrite(condition, key, this.#state.find(bucket, key));
        return this.#creation(location, draft, reason, completes);
      });
    } finally {
      this.#conditionalWrites.delete(underWay);
    }
  }

  #creation(
    { bucket, key }: ObjectLocation,
    draft: ObjectDraft,
    reason: CreationReason,
    completes: string | undefined,
  ): Change<ObjectVersion> {
    const { versioning } = this.bucket(bucket);
    const atMs = this.#clock();
    const versionId = versioning === 'Enabled' ? this.#newId() : 'null';
    const version: ObjectVersion = { kind: 'object', key, versionId, lastModifiedMs: atMs, ...draft };
    const sequence = this.#state.nextSequence;
    return {
      record: { type: 'version', bucket, version, sequence, ...(completes === undefined ? {} : { completes }) },
      event: {
        type: 'ObjectCreated',
        bucket,
        key,
        versionId: versioning === 'Unversioned' ? undefined : versionId,
        sizeBytes: version.sizeBytes,
        etag: version.etag,
        reason,
        sequencer: sequencer(sequence),
        atMs,
      },
      result: version,
    };
  }

  /** Commits a change that brings new content; what was written is removed again when the change is refused. */
  async #commitContent<T>(written: readonly Segment[], decide: () => Change<T>): Promise<T> {
    let change: Change<T>;
    try {
      change = decide();
      this.#store.append(change.record);
    } catch (error) {
      await this.#contents.discard(written);
      throw error;
    }
    await this.#settle(change.record, change.event);
    return change.result;
  }

  /** Journals a change and applies it in one turn, so that what was checked just before still holds. */
  async #commit(record: JournalRecord, event?: S3Event): Promise<void> {
    this.#store.append(record);
    await this.#settle(record, event);
  }

  /** Applies a journalled change; once it is durable, tells of it and frees what it replaced. */
  async #settle(record: JournalRecord, event: S3Event | undefined): Promise<void> {
    const freed = this.#state.apply(record);
    await this.#store.settled();
    if (event !== undefined) this.#onEvent(event);
    await this.#contents.discard(freed);
  }

  #noteDeletion({ bucket, key }: ObjectLocation): void {
    for (const write of this.#conditionalWrites) {
      if (write.location.bucket === bucket && write.location.key === key) write.deletedMeanwhile = true;
    }
  }
}

type ObjectDraft = Omit<ObjectVersion, 'kind' | 'key' | 'versionId' | 'lastModifiedMs'>;

interface Change<T> {
  readonly record: JournalRecord;
  readonly event?: S3Event;
  readonly result: T;
}

/** "Bucket naming rules" (S3 User Guide). */
function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
}

function checkVersionId(versionId: string): void {
  if (versionId !== 'null' && !/^[0-9a-f]{32}$/.test(versionId)) {
    throw new S3Error('InvalidArgument', 'Invalid version id specified', {
      details: { ArgumentName: 'versionId', ArgumentValue: versionId },
    });
  }
}

function sequencer(sequence: number): string {
  return sequence.toString(16).toUpperCase().padStart(18, '0');
}
