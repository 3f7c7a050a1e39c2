import {
  type ChecksumAlgorithm,
  type ContentDigests,
  DigestingContent,
  type ExpectedContent,
  type PromisedDigests,
} from './checksums.ts';
import type { Segment } from './records.ts';
import type { S3Store } from './store.ts';

/** Content on its way in. */
export interface IncomingContent extends PromisedDigests {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** What the client promised; asked for after the last chunk, since checksums may come behind the content. */
  expected(): ExpectedContent;
}

/** Content being read: held until it has been iterated or released. */
export interface HeldContent extends AsyncIterable<Uint8Array> {
  release(): Promise<void>;
}

/** Bytes `start` to `end`, the latter excluded. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Objects' content in the store. What is being read is not removed before the reader is done. */
export class Contents {
  readonly #store: S3Store;
  readonly #newId: () => string;
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();

  constructor(store: S3Store, newId: () => string) {
    this.#store = store;
    this.#newId = newId;
  }

  /**
   * Streams content into a new blob; nothing is left of it when it is not what was expected.
   * @throws S3Error BadDigest, IncompleteBody, XAmzContentSHA256Mismatch
   */
  async write(
    content: IncomingContent,
    keptAlgorithm: ChecksumAlgorithm,
  ): Promise<{ segment: Segment; digests: ContentDigests }> {
    const blob = this.#newId();
    const digesting = new DigestingContent(keptAlgorithm, content);
    try {
      await this.#store.writeBlob(blob, digesting.passing(content.chunks));
      const digests = digesting.finish(content.expected());
      return { segment: { blob, sizeBytes: digests.sizeBytes }, digests };
    } catch (error) {
      await this.#store.removeBlob(blob);
      throw error;
    }
  }

  /** The bytes of a range over segments that follow each other. The segments are held from the call on, until the iteration ends. */
  read(segments: readonly Segment[], range: ByteRange): HeldContent {
    for (const { blob } of segments) this.#readers.set(blob, (this.#readers.get(blob) ?? 0) + 1);
    let held = true;
    const release = async () => {
      if (!held) return;
      held = false;
      await Promise.all(segments.map(({ blob }) => this.#release(blob)));
    };
    const store = this.#store;
    return {
      release,
      async *[Symbol.asyncIterator]() {
        try {
          let offset = 0;
          for (const { blob, sizeBytes } of segments) {
            const start = Math.max(range.start - offset, 0);
            const end = Math.min(range.end - offset, sizeBytes);
            if (start < end) yield* store.readBlob(blob, start, end);
            offset += sizeBytes;
          }
        } finally {
          await release();
        }
      },
    };
  }

  /** Removes segments that nothing refers to any more, those being read after their last reader. */
  async discard(segments: readonly Segment[]): Promise<void> {
    for (const { blob } of segments) {
      if (this.#readers.has(blob)) this.#doomed.add(blob);
      else await this.#store.removeBlob(blob);
    }
  }

  async #release(blob: string): Promise<void> {
    const readers = this.#readers.get(blob)! - 1;
    if (readers > 0) {
      this.#readers.set(blob, readers);
      return;
    }
    this.#readers.delete(blob);
    if (this.#doomed.delete(blob)) await this.#store.removeBlob(blob);
  }
}
