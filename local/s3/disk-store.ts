import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StoreCorruptError } from './errors.ts';
import type { JournalEntry } from './records.ts';
import type { S3Store } from './store.ts';

const READ_BYTES = 1 << 20;
const LINE_FEED = 10;

export interface DiskStoreOptions {
  readonly dataDir: string;
  /**
   * With fsync, what was accepted survives the death of the machine; without, only that of the process.
   * It costs a disk flush for each write.
   */
  readonly fsync: boolean;
}

/**
 * A store in a folder: `journal.ndjson`, one change a line, and `blobs/<id>`. Object keys are never file names.
 * A change counts from the moment its whole line is in the journal; a line without an end, left by a killed process, is cut off.
 * @throws StoreCorruptError when a whole line cannot be read
 */
export function openDiskStore({ dataDir, fsync }: DiskStoreOptions): S3Store {
  const blobsDir = join(dataDir, 'blobs');
  const journalPath = join(dataDir, 'journal.ndjson');
  mkdirSync(blobsDir, { recursive: true });
  let journal = openSync(journalPath, 'a+');
  let journalBytes = cutTornLine(journal);

  const blobPath = (id: string) => join(blobsDir, id);

  return {
    *replay() {
      const content = readFileSync(journalPath);
      for (let start = 0, line = 1; start < content.length; line++) {
        const end = content.indexOf(LINE_FEED, start);
        yield parseLine(content.toString('utf8', start, end), line, journalPath);
        start = end + 1;
      }
    },

    append(entry) {
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      try {
        writeAll(journal, line);
      } catch (error) {
        ftruncateSync(journal, journalBytes);
        throw error;
      }
      journalBytes += line.length;
    },

    rewrite(records) {
      const nextPath = `${journalPath}.next`;
      const next = openSync(nextPath, 'w');
      for (const record of records) writeAll(next, Buffer.from(`${JSON.stringify(record)}\n`));
      fdatasyncSync(next);
      closeSync(next);
      renameSync(nextPath, journalPath);
      closeSync(journal);
      journal = openSync(journalPath, 'a+');
      journalBytes = cutTornLine(journal);
    },

    async settled() {
      if (fsync) await flush(journal);
    },

    async writeBlob(id, chunks) {
      const file = await open(blobPath(id), 'wx');
      try {
        await file.writeFile(chunks);
        if (fsync) await file.datasync();
      } finally {
        await file.close();
      }
      if (fsync) await flushDirectory(blobsDir);
    },

    async *readBlob(id, start, end) {
      const file = await open(blobPath(id), 'r');
      try {
        for (let position = start; position < end; ) {
          const { buffer, bytesRead } = await readPiece(file, position, Math.min(READ_BYTES, end - position));
          if (bytesRead === 0) {
            throw new StoreCorruptError(
              `Blob ${id} ends at byte ${position}, expected ${end}; restore the data folder or delete the object.`,
            );
          }
          position += bytesRead;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await file.close();
      }
    },

    async removeBlob(id) {
      await rm(blobPath(id), { force: true });
    },

    async retainBlobs(ids) {
      for (const id of await readdir(blobsDir)) {
        if (!ids.has(id)) await rm(blobPath(id));
      }
    },

    async close() {
      await flush(journal);
      closeSync(journal);
    },
  };
}

const flush = promisify(fdatasync);

async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readPiece(
  file: FileHandle,
  position: number,
  length: number,
): Promise<{ buffer: Buffer; bytesRead: number }> {
  return file.read(Buffer.allocUnsafe(length), 0, length, position);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}

/** Cuts what stands after the last line feed, and returns the bytes that are left. */
function cutTornLine(descriptor: number): number {
  const content = readFileSync(descriptor);
  const wholeBytes = content.lastIndexOf(LINE_FEED) + 1;
  if (wholeBytes < content.length) ftruncateSync(descriptor, wholeBytes);
  return wholeBytes;
}

function parseLine(text: string, line: number, path: string): JournalEntry {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreCorruptError(
      `Line ${line} of ${path} is not JSON; restore the data folder from a copy, or delete it to start empty.`,
      { cause },
    );
  }
}
