import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PendingWork } from './pending-work.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kindred-pending-'));
  path = join(folder, 'queue', 'work.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is found again by the next process, as it last stood and in order, without what is done', () => {
  // Nothing is closed: the first process is killed.
  const first = new PendingWork<{ attempt: number }>(path);
  first.put('a', { attempt: 0 });
  first.put('b', { attempt: 0 });
  first.put('c', { attempt: 0 });
  first.put('a', { attempt: 1 });
  first.done('b');
  const expected = [
    ['a', { attempt: 1 }],
    ['c', { attempt: 0 }],
  ];
  expect(new PendingWork(path).entries()).toEqual(expected);
  expect(readFileSync(path, 'utf8')).toBe('{"id":"a","work":{"attempt":1}}\n{"id":"c","work":{"attempt":0}}\n');
});

it('drops what was being written when the process was killed, and goes on behind it', () => {
  new PendingWork<number>(path).put('a', 1);
  appendFileSync(path, '{"id":"b","wo');
  const second = new PendingWork<number>(path);
  expect(second.entries()).toEqual([['a', 1]]);
  second.put('c', 3);
  expect(new PendingWork(path).entries()).toEqual([
    ['a', 1],
    ['c', 3],
  ]);
});

it('leaves an empty file when all is done', () => {
  const work = new PendingWork<number>(path);
  work.put('a', 1);
  work.put('b', 2);
  work.done('a');
  work.done('b');
  work.done('unknown');
  expect(readFileSync(path, 'utf8')).toBe('');
  work.put('c', 3);
  expect(new PendingWork(path).entries()).toEqual([['c', 3]]);
});
