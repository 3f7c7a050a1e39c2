import { hash } from 'node:crypto';

/** The first 32 hexadecimal digits of the SHA-256 of a string in UTF-8. */
export function contentHash(content: string): string {
  return hash('sha256', content, 'hex').slice(0, 32);
}
