import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** `npm run segment` on the whole sample, twice, as a person would run it. */

const root = join(import.meta.dirname, '..', '..');
const files = ['customers', 'products', 'sales'].map((name) => join('examples', 'foodmart', `${name}.csv.gz`));
let folder: string;
let assignments: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindred-sample-run-'));
  assignments = [];
  for (const out of ['first', 'second']) {
    await promisify(execFile)(process.execPath, ['local/segment.ts', ...files, '--out', join(folder, out)], {
      cwd: root,
    });
    assignments.push(await readFile(join(folder, out, 'assignments.csv'), 'utf8'));
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the same files give the same assignments to the byte', () => {
  expect(assignments[1]).toBe(assignments[0]);
});

test('all 10,281 customers are accounted for: 8,842 buyers in segments, the others as prospects', () => {
  const [header, ...rows] = assignments[0]!.trimEnd().split('\n');
  expect(header).toBe('customerId,segmentId,segmentName,confidence');
  expect(new Set(rows.map((row) => row.split(',')[0])).size).toBe(10_281);
  const prospects = rows.filter((row) => row.split(',')[1] === 'prospects');
  expect(prospects).toHaveLength(10_281 - 8_842);
  expect(prospects[0]).toMatch(/^\d+,prospects,Prospects: no interaction yet,$/);
});

test('the report counts every row of every file, the nine repeated sales lines among them', async () => {
  const report = JSON.parse(await readFile(join(folder, 'first', 'report.json'), 'utf8'));
  const counts = report.files.map(({ file, rows }: { file: string; rows: Record<string, unknown> }) => [
    file,
    rows['read'],
    rows['accepted'],
    rows['rejected'],
    rows['duplicates'],
  ]);
  expect(counts).toEqual([
    ['inbox/customers.csv.gz', 10_281, 10_281, 0, 0],
    ['inbox/products.csv.gz', 1_560, 1_560, 0, 0],
    ['inbox/sales.csv.gz', 269_720, 269_711, 0, 9],
  ]);
  expect(report.run.evaluation.accuracy).toBeGreaterThanOrEqual(0.95);
});

test('every card of segments.json is named, and together they hold all buyers', async () => {
  const cards = JSON.parse(await readFile(join(folder, 'first', 'segments.json'), 'utf8'));
  expect(cards.reduce((sum: number, { customers }: { customers: number }) => sum + customers, 0)).toBe(8_842);
  expect(new Set(cards.map(({ name }: { name: string }) => name)).size).toBe(cards.length);
});
