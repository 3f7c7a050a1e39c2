import { type ChecksumAlgorithm, DEFAULT_CHECKSUM } from './checksums.ts';
import { Commits } from './commits.ts';
import { ConditionalWrites } from './conditional-writes.ts';
import { checkDelete, noSuchKey, type WriteCondition } from './conditions.ts';
import { type ByteRange, Contents, type HeldContent, type IncomingContent } from './contents.ts';
import { Creations, type ObjectLocation, type PreparedObject, sequencerOf } from './creations.ts';
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
import type { Bucket, KeyVersion, ObjectAttributes, ObjectVersion } from './records.ts';
import { S3State } from './state.ts';
import type { S3Store } from './store.ts';
import { Uploads } from './uploads.ts';

export interface EngineOptions {
  readonly store: S3Store;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Unique 32-character lower-case hexadecimal text: blob, version and upload ids. */
  readonly newId: () => string;
  /** Told of each change once it is durable; must not throw, since the change stands. */
  readonly onEvent: (event: S3Event) => void;
  /** The last event that was heard before the store was closed or its process killed: later ones are told again. Default: none is. */
  readonly heardSequencer?: string;
}

export interface DeletionOutcome {
  readonly deleteMarker: boolean;
  /** The version that was removed, or the delete marker that was made; undefined in a bucket that was never versioned. */
  readonly versionId: string | undefined;
}

/** S3's behaviour without HTTP, permissions or clock: buckets, objects, versions and multipart uploads over a store. */
export class S3Engine {
  readonly uploads: Uploads;
  readonly #store: S3Store;
  readonly #clock: () => number;
  readonly #newId: () => string;
  readonly #state = new S3State();
  readonly #conditionalWrites = new ConditionalWrites();
  readonly #contents: Contents;
  readonly #commits: Commits;
  readonly #creations: Creations;

  private constructor({ store, clock, newId, onEvent }: EngineOptions) {
    const state = this.#state;
    const contents = new Contents(store, newId);
    const commits = new Commits({ store, state, contents, onEvent });
    const creations = new Creations({ state, commits, conditionalWrites: this.#conditionalWrites, clock, newId });
    this.#store = store;
    this.#clock = clock;
    this.#newId = newId;
    this.#contents = contents;
    this.#commits = commits;
    this.#creations = creations;
    this.uploads = new Uploads({ state, contents, commits, creations, clock, newId });
  }

  /** Rebuilds the state from the store, and tidies the store. */
  static async open(options: EngineOptions): Promise<S3Engine> {
    const engine = new S3Engine(options);
    const { heardSequencer, onEvent } = options;
    let replayed = 0;
    for (const entry of options.store.replay()) {
      engine.#state.apply(entry);
      replayed++;
      if (heardSequencer !== undefined && entry.event !== undefined && entry.event.sequencer > heardSequencer)
        onEvent(entry.event);
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
    return this.#commits.commit(() => ({ record: { type: 'bucket', bucket }, result: bucket }));
  }

  /** Makes sure that a bucket is there and versioned or not; a bucket that is no longer versioned is suspended, as in S3. */
  async ensureBucket(name: string, versioned: boolean): Promise<Bucket> {
    const known = this.#state.findBucket(name);
    if (known === undefined) return this.createBucket(name, versioned);
    const versioning = versioned ? 'Enabled' : known.versioning === 'Unversioned' ? 'Unversioned' : 'Suspended';
    if (versioning === known.versioning) return known;
    const bucket: Bucket = { ...known, versioning };
    return this.#commits.commit(() => ({ record: { type: 'bucket', bucket }, result: bucket }));
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
    return this.#creations.create(location, 'PutObject', condition, () =>
      this.#singlePart(content, attributes, algorithm),
    );
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
      return await this.#creations.create(destination, 'CopyObject', condition, () =>
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
    const current = this.#state.find(bucket, key);
    if (ifMatch !== undefined) checkDelete(ifMatch, key, current);
    if (versionId === undefined && versioning !== 'Unversioned') {
      this.#conditionalWrites.noteDeletion(location);
      return this.#putMarker(location, versioning === 'Enabled' ? this.#newId() : 'null');
    }
    const removed = this.#state.find(bucket, key, versionId ?? 'null');
    if (removed === undefined) return { deleteMarker: false, versionId };
    if (removed === current) this.#conditionalWrites.noteDeletion(location);
    return this.#commits.commit(() => ({
      record: { type: 'removed', bucket, key, versionId: removed.versionId, sequence: this.#state.nextSequence },
      event: {
        ...this.#deletion(location),
        versionId: versioning === 'Unversioned' ? undefined : removed.versionId,
        deletionType: 'Permanently Deleted',
      },
      result: { deleteMarker: removed.kind === 'marker', versionId },
    }));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #putMarker(location: ObjectLocation, versionId: string): Promise<DeletionOutcome> {
    const { bucket, key } = location;
    const version: KeyVersion = { kind: 'marker', key, versionId, lastModifiedMs: this.#clock() };
    return this.#commits.commit(() => ({
      record: { type: 'version', bucket, version, sequence: this.#state.nextSequence },
      event: { ...this.#deletion(location), versionId, deletionType: 'Delete Marker Created' },
      result: { deleteMarker: true, versionId },
    }));
  }

  #deletion({ bucket, key }: ObjectLocation) {
    const sequencer = sequencerOf(this.#state.nextSequence);
    return { type: 'ObjectDeleted', bucket, key, reason: 'DeleteObject', sequencer, atMs: this.#clock() } as const;
  }

  async #singlePart(
    content: IncomingContent,
    attributes: ObjectAttributes,
    algorithm: ChecksumAlgorithm,
  ): Promise<PreparedObject> {
    const { segment, digests } = await this.#contents.write(content, algorithm);
    const { headers, metadata, encryption } = attributes;
    const draft = () => ({
      headers,
      metadata,
      encryption,
      etag: digests.md5Hex,
      sizeBytes: digests.sizeBytes,
      segments: [segment],
      multipart: false,
      checksum: { algorithm, type: 'FULL_OBJECT', value: digests.checksumBase64 } as const,
    });
    return { written: [segment], draft };
  }
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
