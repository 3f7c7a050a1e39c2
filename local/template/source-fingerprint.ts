import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';

/** All that a synthesized template and its bundles are made of. */
const SOURCES = [
  'cdk.json',
  'contracts',
  'functions',
  'infra',
  'model-container',
  'model-jobs',
  'numerics',
  'package-lock.json',
  'runtime',
  'segmentation',
  'storage',
];

/** Files that change neither template nor bundles, or that another file stands for: the encoders' manifest pins the hash of each. */
const NOT_SYNTHESIZED = /\.test\.ts$|^model-container\/models\/.+\//;

/** SHA-256, hex, of the settings and of the names and bytes of all sources: equal fingerprints synthesize to equal assemblies. */
export async function sourceFingerprint(root: string, settings: Readonly<Record<string, unknown>>): Promise<string> {
  const paths = (await Promise.all(SOURCES.map((source) => filesUnder(root, source)))).flat();
  const wanted = paths.filter((path) => !NOT_SYNTHESIZED.test(path)).sort();
  const contents = await Promise.all(wanted.map((path) => readFile(join(root, path))));
  const hash = createHash('sha256').update(JSON.stringify([process.version, Object.entries(settings).sort()]));
  for (const [index, path] of wanted.entries()) {
    const content = contents[index]!;
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Paths relative to the root, with slashes. */
async function filesUnder(root: string, source: string): Promise<string[]> {
  const entries = await readdir(join(root, source), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (entries === undefined) return [source];
  const nested = entries.map((entry) => {
    const path = `${source}/${entry.name}`;
    return entry.isDirectory() ? filesUnder(root, path) : [path];
  });
  return (await Promise.all(nested)).flat();
}
