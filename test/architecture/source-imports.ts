import { posix } from 'node:path';
import { projectFiles, readText } from './project-files.ts';

/** One import, export-from, or import() of a source file. */
export interface SourceImport {
  /** The importing file, from the project's root. */
  readonly file: string;
  /** A file of the project, from its root, or a module's name: `zod`, `node:fs`. */
  readonly target: string;
  readonly isInProject: boolean;
}

/**
 * A statement that starts a line, as the formatter leaves it. Text in strings and comments starts no line with `import … from '…'`;
 * if one ever does, it is taken for an import and the test fails loudly, which is the right way round.
 */
const statement =
  /^(?:import|export)\s(?:[^'"`;]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'|\bimport\.meta\.resolve\(\s*'([^']+)'/gm;

export const sourceFiles: readonly string[] = projectFiles.filter((file) => file.endsWith('.ts'));

export const sourceImports: readonly SourceImport[] = sourceFiles.flatMap((file) => importsIn(file, readText(file)));

export function importsIn(file: string, text: string): SourceImport[] {
  return [...text.matchAll(statement)].map((match): SourceImport => {
    const specifier = (match[1] ?? match[2] ?? match[3]) as string;
    const isInProject = specifier.startsWith('.');
    return { file, isInProject, target: isInProject ? posix.join(posix.dirname(file), specifier) : specifier };
  });
}

/** `infra/stacks/api-stack.ts` -> `infra`; the empty string for a file of the project's root. */
export function roomOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}
