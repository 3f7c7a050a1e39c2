import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackagedFile } from './onnx-runtime-package.ts';

/** The encoders of the manifest, as functions find them: `models/` beside their code. */
export function encoderFiles(projectRoot: string): PackagedFile[] {
  const folder = join(projectRoot, 'model-container', 'models');
  const { models } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { models: object };
  const paths = Object.keys(models).flatMap((model) => [`${model}/model.onnx`, `${model}/tokenizer.json`]);
  return ['manifest.json', ...paths].map((path) => ({ source: join(folder, path), target: `models/${path}` }));
}
