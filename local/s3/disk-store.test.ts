import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDiskStore } from './disk-store.ts';
import type { JournalRecord } from './records.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'disk-store-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const open = (fsync = false) => openDiskStore({ dataDir, fsync });
const sequence = (next: number): JournalRecord => ({ type: 'sequence', next });

async function* of(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

describe('openDiskStore', () => {
  it('replays what was appended, after a restart without a close too', () => {
    const store = open();
    store.append(sequence(1));
    store.append({ type: 'bucket', bucket: { name: 'é\n"', createdMs: 1, versioning: 'Enabled' } });
    const records = [sequence(1), { type: 'bucket', bucket: { name: 'é\n"', createdMs: 1, versioning: 'Enabled' } }];
    expect([...store.replay()]).toEqual(records);
    expect([...open().replay()]).toEqual(records);
  });

  it('cuts off a line without an end, and goes on after the last whole one', () => {
    open().append(sequence(1));
    appendFileSync(join(dataDir, 'journal.ndjson'), '{"type":"seq');
    const store = open();
    store.append(sequence(2));
    expect([...open().replay()]).toEqual([sequence(1), sequence(2)]);
  });

  it('refuses a whole line that is not JSON, by its number', () => {
    writeFileSync(join(dataDir, 'journal.ndjson'), `${JSON.stringify(sequence(1))}\n\0\0\n`);
    expect(() => [...open().replay()]).toThrow(
      expect.objectContaining({ code: 'STORE_CORRUPT', message: expect.stringContaining('Line 2') }),
    );
  });

  it('puts a rewritten journal in the place of the old, and appends to it', () => {
    const store = open();
    for (let i = 0; i < 5; i++) store.append(sequence(i));
    store.rewrite([sequence(7)]);
    store.append(sequence(8));
    expect([...open().replay()]).toEqual([sequence(7), sequence(8)]);
    expect(readdirSync(dataDir).sort()).toEqual(['blobs', 'journal.ndjson']);
  });

  it.each([false, true])('keeps blobs and gives stretches of them (fsync %s)', async (fsync) => {
    const store = open(fsync);
    await store.writeBlob('aa01', of('hello', ' ', 'world'));
    await store.settled();
    expect(await textOf(open().readBlob('aa01', 0, 11))).toBe('hello world');
    expect(await textOf(store.readBlob('aa01', 4, 7))).toBe('o w');
    await expect(textOf(store.readBlob('aa01', 4, 12))).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await expect(store.writeBlob('aa01', of('again'))).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('removes blobs: one, twice, or all that are not to be kept', async () => {
    const store = open();
    for (const id of ['aa01', 'aa02', 'bb03']) await store.writeBlob(id, of(id));
    await store.removeBlob('aa01');
    await store.removeBlob('aa01');
    await store.retainBlobs(new Set(['bb03']));
    expect(readdirSync(join(dataDir, 'blobs'))).toEqual(['bb03']);
  });
});
