import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { CustomerRow } from '../contracts/customer-rows.ts';

/**
 * `runs/<runId>/assignments/<partition>.json`: where the run put each of a partition's customers. The next run matches its
 * segments by it, and writes rows for those customers alone whose hash has changed; a run that did not go live is undone by the
 * list of the written.
 */
export const assignmentsSchema = z.object({
  runSeq: z.int().positive(),
  /** Customers for whom this run wrote a row. */
  written: z.array(z.string()),
  customers: z.array(
    z.tuple([z.string().describe('pseudonym'), z.string().describe('segment id'), z.string().describe('row hash')]),
  ),
});
export type Assignments = z.infer<typeof assignmentsSchema>;

/** Equal where nothing about the customer changed: when and by which run the row was written is left out. */
export function rowHash(row: CustomerRow): string {
  const { runSeq: _runSeq, assignedAt: _assignedAt, assignedBy: _assignedBy, ...facts } = row;
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 24);
}
