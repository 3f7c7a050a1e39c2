import type { Commits } from './commits.ts';
import type { ConditionalWrites } from './conditional-writes.ts';
import { checkWrite, type WriteCondition } from './conditions.ts';
import type { ObjectCreated } from './events.ts';
import type { ObjectVersion, Segment } from './records.ts';
import type { S3State } from './state.ts';

export interface ObjectLocation {
  readonly bucket: string;
  readonly key: string;
}

/** An object before it has its place and time. */
export type ObjectDraft = Omit<ObjectVersion, 'kind' | 'key' | 'versionId' | 'lastModifiedMs'>;

/** What a creation has prepared: content that it wrote, and the object, asked for at the moment of the change. */
export interface PreparedObject {
  readonly written: readonly Segment[];
  draft(): ObjectDraft;
  /** The upload that the creation completes. */
  readonly completes?: string;
}

interface CreationsOptions {
  readonly state: S3State;
  readonly commits: Commits;
  readonly conditionalWrites: ConditionalWrites;
  readonly clock: () => number;
  readonly newId: () => string;
}

/** The making of new current objects: by a put, a copy, or a completed upload. */
export class Creations {
  readonly #options: CreationsOptions;

  constructor(options: CreationsOptions) {
    this.#options = options;
  }

  /**
   * The condition is checked before the content is read, to refuse early, and again at the moment of the change: of concurrent writers that ask
   * for absence, one wins.
   * @throws S3Error NoSuchBucket, PreconditionFailed, ConditionalRequestConflict, NoSuchKey, and what `prepare` throws
   */
  async create(
    location: ObjectLocation,
    reason: ObjectCreated['reason'],
    condition: WriteCondition | undefined,
    prepare: () => Promise<PreparedObject>,
  ): Promise<ObjectVersion> {
    const { state, conditionalWrites } = this.#options;
    const check = () => {
      if (condition !== undefined) checkWrite(condition, location.key, state.find(location.bucket, location.key));
    };
    state.contents(location.bucket);
    check();
    if (condition === undefined) return this.#commit(location, reason, check, await prepare());
    return conditionalWrites.during(location, async (refuseIfDeleted) => {
      const checkAll = () => {
        refuseIfDeleted();
        check();
      };
      return this.#commit(location, reason, checkAll, await prepare());
    });
  }

  async #commit(
    { bucket, key }: ObjectLocation,
    reason: ObjectCreated['reason'],
    check: () => void,
    { written, draft, completes }: PreparedObject,
  ): Promise<ObjectVersion> {
    const { state, commits, clock, newId } = this.#options;
    return commits.commit(() => {
      check();
      const { versioning } = state.contents(bucket).bucket;
      const atMs = clock();
      const versionId = versioning === 'Enabled' ? newId() : 'null';
      const version: ObjectVersion = { kind: 'object', key, versionId, lastModifiedMs: atMs, ...draft() };
      const sequence = state.nextSequence;
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
          sequencer: sequencerOf(sequence),
          atMs,
        },
        result: version,
      };
    }, written);
  }
}

/** A change's place in the order of all changes, as events show it. */
export function sequencerOf(sequence: number): string {
  return sequence.toString(16).toUpperCase().padStart(18, '0');
}
