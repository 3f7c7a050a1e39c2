import { S3Error } from './errors.ts';
import type { Bucket, JournalRecord, KeyVersion, Segment, Upload, UploadedPart } from './records.ts';
import { SortedKeys } from './sorted-keys.ts';

/** A bucket's keys with their versions, newest first. A key without versions is not there. */
export interface BucketContents {
  readonly bucket: Bucket;
  readonly keys: SortedKeys;
  readonly versions: ReadonlyMap<string, readonly KeyVersion[]>;
}

export interface OpenUpload {
  readonly upload: Upload;
  readonly parts: ReadonlyMap<number, UploadedPart>;
}

interface MutableContents {
  bucket: Bucket;
  readonly keys: SortedKeys;
  readonly versions: Map<string, KeyVersion[]>;
}

/** The state that the journal's records add up to. Only `apply` changes it. */
export class S3State {
  readonly #buckets = new Map<string, MutableContents>();
  readonly #uploads = new Map<string, { upload: Upload; parts: Map<number, UploadedPart> }>();
  #nextSequence = 1;

  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Applies a change and returns the segments that nothing refers to any more. */
  apply(record: JournalRecord): readonly Segment[] {
    switch (record.type) {
      case 'bucket':
        return this.#applyBucket(record.bucket);
      case 'version': {
        this.#nextSequence = Math.max(this.#nextSequence, record.sequence + 1);
        const unlisted =
          record.completes === undefined ? [] : this.#closeUpload(record.completes, segmentsOf(record.version));
        return [...unlisted, ...this.#addVersion(record.bucket, record.version)];
      }
      case 'removed':
        this.#nextSequence = Math.max(this.#nextSequence, record.sequence + 1);
        return this.#removeVersion(record.bucket, record.key, record.versionId);
      case 'upload':
        this.#uploads.set(record.upload.uploadId, { upload: record.upload, parts: new Map() });
        return [];
      case 'part': {
        const { parts } = this.#uploads.get(record.uploadId)!;
        const replaced = parts.get(record.part.partNumber);
        parts.set(record.part.partNumber, record.part);
        return replaced === undefined ? [] : [replaced];
      }
      case 'aborted':
        return this.#closeUpload(record.uploadId, []);
      case 'sequence':
        this.#nextSequence = record.next;
        return [];
    }
  }

  /** The shortest journal that gives this state. */
  *records(): Generator<JournalRecord> {
    for (const { bucket, versions } of this.#buckets.values()) {
      yield { type: 'bucket', bucket };
      for (const ofKey of versions.values()) {
        for (const version of ofKey.toReversed()) yield { type: 'version', bucket: bucket.name, version, sequence: 0 };
      }
    }
    for (const { upload, parts } of this.#uploads.values()) {
      yield { type: 'upload', upload };
      for (const part of parts.values()) yield { type: 'part', uploadId: upload.uploadId, part };
    }
    yield { type: 'sequence', next: this.#nextSequence };
  }

  /** The blobs that the state refers to. */
  blobs(): Set<string> {
    const blobs = new Set<string>();
    for (const record of this.records()) {
      if (record.type === 'version') for (const segment of segmentsOf(record.version)) blobs.add(segment.blob);
      if (record.type === 'part') blobs.add(record.part.blob);
    }
    return blobs;
  }

  buckets(): Bucket[] {
    return [...this.#buckets.values()].map(({ bucket }) => bucket).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  findBucket(name: string): Bucket | undefined {
    return this.#buckets.get(name)?.bucket;
  }

  /** @throws S3Error NoSuchBucket */
  contents(bucket: string): BucketContents {
    const contents = this.#buckets.get(bucket);
    if (contents === undefined) {
      throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', { details: { BucketName: bucket } });
    }
    return contents;
  }

  /** A key's newest version, or the one named. */
  find(bucket: string, key: string, versionId?: string): KeyVersion | undefined {
    const versions = this.contents(bucket).versions.get(key);
    return versionId === undefined ? versions?.[0] : versions?.find((version) => version.versionId === versionId);
  }

  /** @throws S3Error NoSuchUpload */
  upload(bucket: string, key: string, uploadId: string): OpenUpload {
    this.contents(bucket);
    const open = this.#uploads.get(uploadId);
    if (open === undefined || open.upload.bucket !== bucket || open.upload.key !== key) {
      throw new S3Error(
        'NoSuchUpload',
        'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
        { details: { UploadId: uploadId } },
      );
    }
    return open;
  }

  #applyBucket(bucket: Bucket): readonly Segment[] {
    const known = this.#buckets.get(bucket.name);
    if (known === undefined) this.#buckets.set(bucket.name, { bucket, keys: new SortedKeys(), versions: new Map() });
    else known.bucket = bucket;
    return [];
  }

  #addVersion(bucket: string, version: KeyVersion): readonly Segment[] {
    const { keys, versions } = this.#buckets.get(bucket)!;
    const freed = version.versionId === 'null' ? this.#removeVersion(bucket, version.key, 'null') : [];
    const ofKey = versions.get(version.key);
    if (ofKey === undefined) {
      versions.set(version.key, [version]);
      keys.add(version.key);
    } else {
      ofKey.unshift(version);
    }
    return freed;
  }

  #removeVersion(bucket: string, key: string, versionId: string): readonly Segment[] {
    const { keys, versions } = this.#buckets.get(bucket)!;
    const ofKey = versions.get(key) ?? [];
    const at = ofKey.findIndex((version) => version.versionId === versionId);
    if (at < 0) return [];
    const [removed] = ofKey.splice(at, 1);
    if (ofKey.length === 0) {
      versions.delete(key);
      keys.delete(key);
    }
    return segmentsOf(removed!);
  }

  #closeUpload(uploadId: string, kept: readonly Segment[]): readonly Segment[] {
    const { parts } = this.#uploads.get(uploadId)!;
    this.#uploads.delete(uploadId);
    const keptBlobs = new Set(kept.map(({ blob }) => blob));
    return [...parts.values()].filter(({ blob }) => !keptBlobs.has(blob));
  }
}

function segmentsOf(version: KeyVersion): readonly Segment[] {
  return version.kind === 'object' ? version.segments : [];
}
