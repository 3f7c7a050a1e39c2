import { expect, test } from 'vitest';
import { projectFiles } from './project-files.ts';

const namesThatSayNothing = /^(?:utils?|common|helpers?|misc|managers?)(?:\.|$)/;
const kebabCase = /^\.?[a-z0-9]+(?:[-.][a-z0-9]+)*$/;

/** Names that others give: Markdown of the root and of folders, licenses, Docker's and the models' files, generated code, Python modules. */
const givenNames = [
  /(?:^|\/)[A-Z]+(?:\.md)?$/,
  /(?:^|\/)Dockerfile(?:\.dockerignore)?$/,
  /^model-container\/models\//,
  /_pb\.ts$/,
  /^bench\/peers\/[a-z_]+\.py$/,
];

test('folders and files are called by what they hold', () => {
  const wrong = projectFiles.filter((path) => path.split('/').some((name) => namesThatSayNothing.test(name)));
  expect(wrong).toEqual([]);
});

test('names are kebab-case', () => {
  const wrong = projectFiles
    .filter((path) => !givenNames.some((pattern) => pattern.test(path)))
    .filter((path) => !path.split('/').every((name) => kebabCase.test(name)));
  expect(wrong).toEqual([]);
});
