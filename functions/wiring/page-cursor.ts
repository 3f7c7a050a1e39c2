import type * as z from 'zod';
import { ApiProblem } from './api-problem.ts';

/** Where a listing goes on: opaque to the caller, who hands it back unchanged. */
export function encodeCursor(position: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws ApiProblem 400 for what this listing never gave out */
export function decodeCursor<T>(cursor: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    value = undefined; // answered below like every other cursor that is not ours
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ApiProblem(400, 'Bad cursor', 'cursor: pass on cursor.next of the page before, unchanged');
}
