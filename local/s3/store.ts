import type { JournalEntry, JournalRecord } from './records.ts';

/** Where the engine keeps its state: a journal of changes, and blobs of content that are written once. */
export interface S3Store {
  /** The journal's entries, in order. */
  replay(): Iterable<JournalEntry>;
  /** Adds an entry, wholly or not at all. What it names must have been written before. */
  append(entry: JournalEntry): void;
  /** Puts these records in the place of the journal, wholly or not at all. */
  rewrite(records: Iterable<JournalRecord>): void;
  /** Resolves when all that was appended is as durable as this store makes it. */
  settled(): Promise<void>;
  writeBlob(id: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Bytes `start` to `end`, the latter excluded. */
  readBlob(id: string, start: number, end: number): AsyncIterable<Uint8Array>;
  /** A blob that is not there is no error. */
  removeBlob(id: string): Promise<void>;
  /** Removes all blobs but these: what was being written when the process died. */
  retainBlobs(ids: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}
