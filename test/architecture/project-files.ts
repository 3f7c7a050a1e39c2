import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Names that `.gitignore` lists, and git's own folder: nothing under them belongs to the project. */
const ignored = new Set([
  '.git',
  ...readFileSync(join(root, '.gitignore'), 'utf8')
    .split('\n')
    .map((line) => line.replaceAll('/', '').trim())
    .filter((line) => line !== '' && !line.includes('*')),
]);

/** All files of the project, as paths from its root with forward slashes. */
export const projectFiles: readonly string[] = filesUnder('');

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !ignored.has(name) && !name.endsWith('.log'))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(path) : [path];
    });
}

export function readBytes(path: string): Buffer {
  return readFileSync(join(root, path));
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
