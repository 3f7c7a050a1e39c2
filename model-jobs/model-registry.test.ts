import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { UnsafeArtifactError } from '../runtime/artifact-safety.ts';
import { readEncoderFiles, readManifest } from './model-registry.ts';

const modelsFolder = fileURLToPath(new URL('../model-container/models', import.meta.url));

test('the files that come with the project are those of the manifest', () => {
  const manifest = readManifest(modelsFolder);
  expect(Object.keys(manifest)).toEqual(['all-MiniLM-L6-v2', 'bge-small-zh-v1.5']);
  for (const [model, entry] of Object.entries(manifest)) {
    expect(() => readEncoderFiles(modelsFolder, model, entry)).not.toThrow();
  }
});

test('a file changed on disk is refused by name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-models-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const model = 'all-MiniLM-L6-v2';
  cpSync(join(modelsFolder, model), join(folder, model), { recursive: true });
  const entry = readManifest(modelsFolder)[model]!;
  writeFileSync(join(folder, model, 'tokenizer.json'), '{}');
  expect(() => readEncoderFiles(folder, model, entry)).toThrow(UnsafeArtifactError);
  expect(() => readEncoderFiles(folder, model, entry)).toThrow(
    'all-MiniLM-L6-v2/tokenizer.json has sha256 44136fa355b3678a',
  );
});

test('a manifest may not name a folder outside its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-models-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const entry = readManifest(modelsFolder)['all-MiniLM-L6-v2'];
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ models: { '../elsewhere': entry } }));
  expect(() => readManifest(folder)).toThrow();
});
