import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import type { Settings } from '../contracts/settings.ts';

/** A file of a package that is shipped beside a bundle. */
export interface PackagedFile {
  /** Absolute path of the installed file. */
  readonly source: string;
  /** Path inside the function's folder, with forward slashes. */
  readonly target: string;
}

/**
 * What a function needs of ONNX Runtime at run time: its JavaScript, and the native library of one platform only. The package holds
 * those of every platform, which together exceed the 250 MB that Lambda allows.
 */
export function onnxRuntimeFiles(projectRoot: string, platform: Settings['lambdaPlatform']): PackagedFile[] {
  const resolve = createRequire(join(projectRoot, 'package.json')).resolve;
  const runtime = dirname(dirname(resolve('onnxruntime-node')));
  const sharedEntry = createRequire(join(runtime, 'package.json')).resolve('onnxruntime-common'); // dist/cjs/index.js
  const shared = dirname(dirname(dirname(sharedEntry)));
  const native = join(runtime, 'bin', 'napi-v6', ...platform.split('-'));
  return [
    ...packageFiles(runtime, 'onnxruntime-node', [join(runtime, 'dist'), native]),
    ...packageFiles(shared, 'onnxruntime-common', [join(shared, 'dist', 'cjs')]),
  ].sort((a, b) => (a.target < b.target ? -1 : 1));
}

function packageFiles(root: string, name: string, folders: readonly string[]): PackagedFile[] {
  const sources = folders
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => statSync(file).isFile() && !file.endsWith('.d.ts') && !file.endsWith('.map'));
  return [join(root, 'package.json'), ...sources].map((source) => ({
    source,
    target: `node_modules/${name}/${relative(root, source).split(sep).join('/')}`,
  }));
}

/** Copies the files that the folder does not hold yet: a file of equal size and modification time is taken to be the same. */
export function copyPackagedFiles(files: readonly PackagedFile[], folder: string): void {
  for (const { source, target } of files) {
    const path = join(folder, target);
    const from = statSync(source);
    const to = statSync(path, { throwIfNoEntry: false });
    if (to?.size === from.size && to.mtimeMs === Math.trunc(from.mtimeMs)) continue;
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(source, path);
    utimesSync(path, from.atime, new Date(Math.trunc(from.mtimeMs)));
  }
}

export function readPackagedFile(file: PackagedFile): Uint8Array {
  return readFileSync(file.source);
}
