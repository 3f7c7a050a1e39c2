import { expect, test } from 'vitest';
import { projectFiles, readBytes, readText } from './project-files.ts';

/** Put together here, so that this file does not hold them. */
const placesOutside = [
  ['..', 'shared'].join('/'),
  ['registry', 'npmjs'].join('.'),
  ['registry', 'yarnpkg'].join('.'),
  ['npm', 'pkg', 'github'].join('.'),
];

const textFiles = projectFiles.filter((path) => !/\.(?:gz|onnx)$/.test(path) && !path.endsWith('/tokenizer.json'));

test.each(placesOutside)('no file mentions %s', (place) => {
  expect(textFiles.filter((path) => readBytes(path).includes(place))).toEqual([]);
});

test('the lockfile holds no addresses: packages come from whatever registry npm is set to', () => {
  const { packages } = JSON.parse(readText('package-lock.json')) as {
    packages: Record<string, { resolved?: string; integrity?: string; inBundle?: boolean }>;
  };
  const installed = Object.entries(packages).filter(([path]) => path !== '');
  const addressed = installed.filter(([, { resolved }]) => resolved !== undefined);
  expect(addressed.map(([path]) => path)).toEqual([]);
  const unchecked = installed.filter(([, { integrity, inBundle }]) => integrity === undefined && !inBundle);
  expect(unchecked.map(([path]) => path)).toEqual([]);
});

test('links between documents lead to files of the project', () => {
  const files = new Set(projectFiles);
  const exists = (path: string) => files.has(path) || projectFiles.some((file) => file.startsWith(`${path}/`));
  const broken = projectFiles
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      [...readText(path).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, link]) => link as string)
        .filter((link) => !/^[a-z]+:/.test(link))
        .map((link) => new URL(link, `file:///${path}`).pathname.slice(1).replace(/\/$/, ''))
        .filter((target) => !exists(target))
        .map((target) => `${path} -> ${target}`),
    );
  expect(broken).toEqual([]);
});
