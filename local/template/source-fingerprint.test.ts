import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sourceFingerprint } from './source-fingerprint.ts';

const FOLDERS = [
  'contracts',
  'functions',
  'infra',
  'model-container',
  'model-jobs',
  'numerics',
  'runtime',
  'segmentation',
  'storage',
];
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kindred-sources-'));
  for (const folder of FOLDERS) await mkdir(join(root, folder, 'deep'), { recursive: true });
  for (const file of ['cdk.json', 'package-lock.json', 'functions/deep/a.ts'])
    await writeFile(join(root, file), 'text');
});
afterEach(() => rm(root, { recursive: true }));

it('changes with a source, its name, or a setting, and with nothing else', async () => {
  const before = await sourceFingerprint(root, { a: 1, b: 2 });
  const changes: [change: () => Promise<unknown>, changes: boolean][] = [
    [() => writeFile(join(root, 'functions/deep/a.test.ts'), 'test'), false],
    [() => writeFile(join(root, 'README.md'), 'text'), false],
    [() => writeFile(join(root, 'functions/deep/a.ts'), 'TEXT'), true],
    [() => writeFile(join(root, 'functions/deep/a.ts'), 'text'), false],
    [() => cp(join(root, 'functions/deep/a.ts'), join(root, 'functions/deep/b.ts')), true],
  ];
  for (const [change, differs] of changes) {
    await change();
    expect((await sourceFingerprint(root, { b: 2, a: 1 })) !== before).toBe(differs);
  }
  await rm(join(root, 'functions/deep/b.ts'));
  expect(await sourceFingerprint(root, { a: 1, b: 2 })).toBe(before);
  expect(await sourceFingerprint(root, { a: 1, b: 3 })).not.toBe(before);
});
