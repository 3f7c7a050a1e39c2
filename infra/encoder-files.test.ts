import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encoderFiles } from './encoder-files.ts';
import { projectRoot } from './kindred-app.ts';
import { onnxRuntimeFiles } from './onnx-runtime-package.ts';

const bytesOf = (files: readonly { readonly source: string }[]) =>
  files.reduce((sum, { source }) => sum + statSync(source).size, 0);

// Lambda quotas, "Deployment package (.zip file archive) size": 250 MB unzipped, of which the function's own code takes under 1.
test.each(['linux-arm64', 'linux-x64'] as const)(
  'the encoders and ONNX Runtime for %s fit into a function',
  (platform) => {
    const runtime = onnxRuntimeFiles(projectRoot, platform);
    const encoders = encoderFiles(projectRoot);
    expect(bytesOf([...runtime, ...encoders])).toBeLessThan(249_000_000);
    const native = runtime.filter(({ target }) => target.includes('/bin/')).map(({ target }) => target);
    expect(native.every((target) => target.includes(platform.replace('-', '/')))).toBe(true);
    expect(encoders.map(({ target }) => target)).toEqual([
      'models/manifest.json',
      'models/all-MiniLM-L6-v2/model.onnx',
      'models/all-MiniLM-L6-v2/tokenizer.json',
      'models/bge-small-zh-v1.5/model.onnx',
      'models/bge-small-zh-v1.5/tokenizer.json',
    ]);
  },
);
