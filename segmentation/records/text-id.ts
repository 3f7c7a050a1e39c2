import { contentHash } from './content-hash.ts';

/** The id of a text: the same text has the same id in every file, and so one vector. */
export function textIdOf(text: string): string {
  return contentHash(text);
}
