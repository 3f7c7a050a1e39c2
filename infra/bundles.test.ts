import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FunctionName } from '../contracts/environments.ts';
import { bundleFunctions, functionNames } from './bundles.ts';
import { projectRoot } from './kindred-app.ts';
import { onnxRuntimeFiles } from './onnx-runtime-package.ts';

/** A project of one-line functions, so that bundling is quick and does not depend on the real ones. */
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kindred-bundles-'));
  makeProject();
});

function makeProject(): void {
  mkdirSync(join(root, 'functions', 'states'), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  for (const name of functionNames) writeEntry(name, `export const handler = async () => '${name}';`);
  writeEntry(
    'cluster-vectors',
    "import * as ort from 'onnxruntime-node';\nexport const handler = async () => ort.InferenceSession;",
  );
}

afterEach(() => rmSync(root, { recursive: true }));

function writeEntry(name: string, source: string): void {
  writeFileSync(join(root, 'functions', 'states', `${name}.ts`), source);
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

describe('bundleFunctions', () => {
  test('writes every function into its own folder as an ES module that runs', async () => {
    const bundles = bundleFunctions(root, 'linux-arm64');
    expect(Object.keys(bundles)).toEqual(functionNames);
    const { handler } = await import(join(bundles['open-run'].folder, 'index.mjs'));
    expect(await handler()).toBe('open-run');
    expect(filesOf(bundles['open-run'].folder)).toEqual(['index.mjs']);
  });

  test('ships ONNX Runtime, for one platform only, with the functions that import it', () => {
    const files = filesOf(bundleFunctions(root, 'linux-arm64')['cluster-vectors'].folder);
    expect(files.filter((file) => file.includes('/bin/'))).toEqual([
      'node_modules/onnxruntime-node/bin/napi-v6/linux/arm64/libonnxruntime.so.1',
      'node_modules/onnxruntime-node/bin/napi-v6/linux/arm64/onnxruntime_binding.node',
    ]);
    expect(files).toContain('node_modules/onnxruntime-common/dist/cjs/index.js');
    expect(files.filter((file) => /\.(d\.ts|map)$/.test(file))).toEqual([]);
  });

  test('leaves nothing of another platform or of an earlier bundle behind', () => {
    const { folder } = bundleFunctions(root, 'linux-arm64')['cluster-vectors'];
    writeFileSync(join(folder, 'left-over.mjs'), '');
    bundleFunctions(root, 'linux-x64');
    expect(filesOf(folder).filter((file) => file.includes('arm64') || file === 'left-over.mjs')).toEqual([]);
    writeEntry('cluster-vectors', 'export const handler = async () => 1;');
    expect(filesOf(bundleFunctions(root, 'linux-x64')['cluster-vectors'].folder)).toEqual(['index.mjs']);
  });

  test('equal sources give equal bytes and hashes; a changed source or platform changes the hash of what it touches', () => {
    const first = bundleFunctions(root, 'linux-arm64');
    const code = readFileSync(join(first['open-run'].folder, 'index.mjs'));
    const again = bundleFunctions(root, 'linux-arm64');
    expect(again).toEqual(first);
    expect(readFileSync(join(again['open-run'].folder, 'index.mjs')).equals(code)).toBe(true);

    writeEntry('open-run', "export const handler = async () => 'changed';");
    const changed = bundleFunctions(root, 'linux-x64');
    expect(changed['open-run'].contentHash).not.toBe(first['open-run'].contentHash);
    expect(changed['cluster-vectors'].contentHash).not.toBe(first['cluster-vectors'].contentHash);
    expect(changed['close-run'].contentHash).toBe(first['close-run'].contentHash);
  });

  test('another checkout of equal sources gives equal hashes, wherever it lies', () => {
    const here = bundleFunctions(root, 'linux-arm64');
    const first = root;
    root = join(first, 'a', 'deeper', 'checkout');
    makeProject();
    const there = bundleFunctions(root, 'linux-arm64');
    root = first;
    const hashes = (bundles: typeof here) => Object.values(bundles).map(({ contentHash }) => contentHash);
    expect(hashes(there)).toEqual(hashes(here));
  });

  // Lambda takes 250 MB unzipped, and the package has more than that for all its platforms together.
  test.each([
    ['linux-arm64', 28],
    ['linux-x64', 48],
  ] as const)('ONNX Runtime of %s is at most %i MB', (platform, largestMb) => {
    const bytes = onnxRuntimeFiles(projectRoot, platform).reduce((sum, { source }) => sum + statSync(source).size, 0);
    expect(bytes / 1e6).toBeLessThanOrEqual(largestMb);
    expect(bytes / 1e6).toBeGreaterThan(largestMb / 2);
  });

  test('refuses by name when a function has no entry file', () => {
    rmSync(join(root, 'functions', 'states', 'plan-run.ts'));
    expect(() => bundleFunctions(root, 'linux-arm64')).toThrow(
      expect.objectContaining({
        code: 'MISSING_ENTRY',
        message: expect.stringContaining('functions/states/plan-run.ts'),
      }),
    );
  });

  test('refuses by file and line when an import is not found', () => {
    writeEntry('plan-run', "import { plan } from './nowhere.ts';\nexport const handler = plan;");
    expect(() => bundleFunctions(root, 'linux-arm64')).toThrow(
      expect.objectContaining({
        code: 'BUILD_FAILED',
        message: expect.stringContaining('functions/states/plan-run.ts:1:21: ERROR: Could not resolve "./nowhere.ts"'),
      }),
    );
  });
});

describe('the functions of the API', () => {
  /** Bytes. The measured sizes and what they save of a cold start stand in docs/decisions/0017. */
  const largestRoute = 200_000;
  const routes: readonly FunctionName[] = [
    'list-segments',
    'get-segment',
    'list-segment-members',
    'get-customer-segment',
    'batch-get-customer-segments',
    'list-runs',
    'get-run',
    'start-run',
  ];

  test('are small, for who calls first waits until they are loaded', () => {
    for (const room of ['contracts', 'functions', 'numerics', 'runtime', 'segmentation', 'storage']) {
      rmSync(join(root, room), { recursive: true, force: true });
      symlinkSync(join(projectRoot, room), join(root, room));
    }
    const bundles = bundleFunctions(root, 'linux-arm64');
    const tooLarge = routes
      .map((name) => ({ name, bytes: statSync(join(bundles[name].folder, 'index.mjs')).size }))
      .filter(({ bytes }) => bytes > largestRoute);
    expect(tooLarge).toEqual([]);
  });
});
