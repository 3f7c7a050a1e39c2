import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TemplateJson } from './inventory.ts';

const ending = '.template.json';

/** The templates in the folder of a cloud assembly, by stack name. @throws Error when there is no such folder */
export function templatesIn(folder: string): Record<string, TemplateJson> {
  const files = readdirSync(folder).filter((file) => file.endsWith(ending));
  return Object.fromEntries(
    files.map((file) => [file.slice(0, -ending.length), JSON.parse(readFileSync(join(folder, file), 'utf8'))]),
  );
}
