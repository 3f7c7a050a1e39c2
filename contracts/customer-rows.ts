import * as z from 'zod';
import { customerFactsSchema } from './runs.ts';

const alternative = z.strictObject({ id: z.string(), name: z.string(), probability: z.number() });

/**
 * A published row, keyed `(customer, runSeq)`. It is written by the run in which the customer's facts changed and stays true until
 * a later row; it holds absolute facts alone.
 */
export const customerRowSchema = z.strictObject({
  /** Pseudonym. */
  customer: z.string().length(32),
  runSeq: z.int().positive(),
  segmentId: z.string(),
  segmentName: z.string(),
  /** Calibrated probability of the segment; null for a prospect, whom no model placed. */
  confidence: z.number().nullable(),
  alternatives: z.array(alternative),
  facts: customerFactsSchema,
  lifecycleStage: z.string(),
  isDataPartial: z.boolean(),
  assignedAt: z.iso.datetime(),
  assignedBy: z.string(),
});
export type CustomerRow = z.infer<typeof customerRowSchema>;

/** Customers who have not done anything yet are listed under this id; no model places them. */
export const prospectsSegmentId = 'prospects';
