import { describe, expect, test } from 'vitest';
import { projectFiles, readText } from './project-files.ts';
import { importsIn, roomOf, sourceFiles, sourceImports } from './source-imports.ts';

/** Which rooms a room may import, besides itself. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  clients: ['contracts'],
  contracts: [],
  numerics: [],
  segmentation: ['numerics'],
  runtime: ['numerics'],
  storage: ['contracts', 'numerics', 'segmentation'],
  functions: ['contracts', 'model-jobs', 'numerics', 'runtime', 'segmentation', 'storage'],
  'model-jobs': ['contracts', 'numerics', 'runtime'],
  'model-container': ['contracts', 'model-jobs', 'numerics', 'runtime'],
  infra: ['contracts'],
  local: [
    'contracts',
    'functions',
    'infra',
    'model-container',
    'model-jobs',
    'numerics',
    'runtime',
    'segmentation',
    'storage',
  ],
};

/** These use the system from the outside and may import any room; no room may import them. */
const outsiders = ['bench', 'examples', 'test'];

/** Modules from outside the project that a room may import; rooms not listed are free. */
const modules: Readonly<Record<string, readonly string[]>> = {
  contracts: ['zod'],
  // Hashing and byte order are arithmetic; files, sockets, processes and AWS are not.
  segmentation: ['ml-kmeans', 'ml-matrix', 'node:buffer', 'node:crypto'],
  numerics: ['@bufbuild/protobuf', '@bufbuild/protobuf/codegenv2'],
};

/** The only rooms that may import a module. */
const soleImporters: Readonly<Record<string, { readonly pattern: RegExp; readonly rooms: readonly string[] }>> = {
  'ONNX Runtime': { pattern: /^onnxruntime-/, rooms: ['runtime'] },
  'AWS clients': { pattern: /^@aws-sdk\//, rooms: ['storage', 'local'] },
  CDK: { pattern: /^(?:aws-cdk-lib|constructs|cdk-nag)(?:\/|$)/, rooms: ['infra'] },
};

const isTest = (file: string) => file.endsWith('.test.ts');
const production = sourceImports.filter(({ file }) => !isTest(file) && !outsiders.includes(roomOf(file)));
const written = ({ file, target }: { readonly file: string; readonly target: string }) => `${file} -> ${target}`;

describe('imports', () => {
  test('are found in every form the project writes them', () => {
    const text = [
      "import { a } from 'zod';",
      "import './x.ts';",
      "import type {\n  B,\n} from '../b/c.ts';",
      "export * from './d.ts';",
      "const e = await import('node:fs');",
      '// import words from "nowhere"',
    ].join('\n');
    expect(importsIn('a/y.ts', text).map(({ target }) => target)).toEqual([
      'zod',
      'a/x.ts',
      'b/c.ts',
      'a/d.ts',
      'node:fs',
    ]);
  });

  test('every room with sources has its arrows written down', () => {
    const rooms = new Set(sourceFiles.map(roomOf).filter((room) => room !== '' && !outsiders.includes(room)));
    expect([...rooms].sort()).toEqual(Object.keys(arrows).sort());
  });

  test('between rooms go along the arrows only', () => {
    const wrong = production.filter(({ file, target, isInProject }) => {
      const [from, to] = [roomOf(file), roomOf(target)];
      return isInProject && to !== '' && to !== from && !(arrows[from] ?? [from]).includes(to);
    });
    expect(wrong.map(written)).toEqual([]);
  });

  test('lead to files that exist', () => {
    const files = new Set(projectFiles);
    expect(sourceImports.filter(({ target, isInProject }) => isInProject && !files.has(target)).map(written)).toEqual(
      [],
    );
  });

  test('form no cycle', () => {
    expect(cycleAmong(production)).toEqual([]);
  });

  test('of the pure core and of the contracts are pure', () => {
    const wrong = production.filter(({ file, target, isInProject }) => {
      const allowed = modules[roomOf(file)];
      return !isInProject && allowed !== undefined && !allowed.includes(target);
    });
    expect(wrong.map(written)).toEqual([]);
  });

  test.each(Object.entries(soleImporters))('of %s stand in their own rooms', (_name, { pattern, rooms }) => {
    const wrong = production.filter(({ file, target }) => pattern.test(target) && !rooms.includes(roomOf(file)));
    expect(wrong.map(written)).toEqual([]);
  });
});

test('zod is imported as a namespace where functions are made of it: of `{ z }` a bundler cannot leave anything out', () => {
  const bundled = ['contracts', 'functions', 'model-jobs', 'segmentation', 'storage'];
  const whole = production.filter(
    ({ file, target }) =>
      target === 'zod' && bundled.includes(roomOf(file)) && /\{[^}]*\bz\b[^}]*\} from 'zod'/.test(readText(file)),
  );
  expect(whole.map(written)).toEqual([]);
});

test('a cycle is found', () => {
  const edge = (file: string, target: string) => ({ file, target, isInProject: true });
  expect(cycleAmong([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')])).toEqual(['b', 'c', 'b']);
});

/** The files of one import cycle in order, the first repeated at the end; empty where there is none. */
function cycleAmong(imports: typeof sourceImports): string[] {
  const targets = new Map<string, string[]>();
  for (const { file, target, isInProject } of imports) {
    if (isInProject) targets.set(file, [...(targets.get(file) ?? []), target]);
  }
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return [];
    for (const target of targets.get(file) ?? []) {
      const cycle = visit(target, [...path, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of targets.keys()) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
