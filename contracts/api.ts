import * as z from 'zod';
import { runRecordSchema } from './registry.ts';
import { customerFactsSchema } from './runs.ts';
import { segmentCardSchema } from './segments.ts';

/** What the HTTP API takes and answers. The OpenAPI document is generated from this file (`contracts/openapi.ts`). */

export const segmentIdParameter = z.strictObject({
  segmentId: z
    .string()
    .min(1)
    .max(64)
    .describe('Id of a segment, e.g. `seg-3`; `prospects` lists customers without interactions.'),
});

const limitParameter = z.coerce.number().int().min(1).max(100).default(50).describe('Entries per page, at most 100.');
const cursorParameter = z.string().min(1).max(512).optional().describe('`cursor.next` of the page before.');

export const pageParameters = z.object({ limit: limitParameter, cursor: cursorParameter });
export const membersParameters = segmentIdParameter.extend({ limit: limitParameter, cursor: cursorParameter });
export const noParameters = z.object({});
export const runIdParameter = z.strictObject({
  runId: z
    .string()
    .regex(/^run-\d+$/)
    .describe('Id of a run, e.g. `run-000001`.'),
});
export const customerIdParameter = z.strictObject({
  customerId: z.string().min(1).max(256).describe("The shop's own id of the customer."),
});

const cursor = z.strictObject({ next: z.string().nullable(), has_more: z.boolean(), limit: z.int() });

/** Where an answer comes from: which run, and how fresh its facts are. */
const provenance = {
  runId: z.string(),
  modelVersion: z.string(),
  featuresAsOf: z.iso.datetime(),
};

export const segmentSummarySchema = segmentCardSchema.pick({
  segmentId: true,
  name: true,
  customers: true,
  share: true,
  revenue: true,
  revenueShare: true,
  summary: true,
});

export const listSegmentsAnswer = z.strictObject({ ...provenance, data: z.array(segmentSummarySchema) });
export const getSegmentAnswer = z.strictObject({ ...provenance, segment: segmentCardSchema });

export const segmentMemberSchema = z.strictObject({
  customerId: z.string(),
  confidence: z.number().nullable(),
});
export const listMembersAnswer = z.strictObject({
  ...provenance,
  segmentId: z.string(),
  customers: z.int(),
  data: z.array(segmentMemberSchema),
  cursor,
});

export const customerSegmentAnswer = z.strictObject({
  customerId: z.string(),
  segment: z.strictObject({ id: z.string(), name: z.string() }),
  /** Calibrated probability of the segment; null for a prospect, whom no model placed. */
  confidence: z.number().nullable(),
  alternatives: z.array(z.strictObject({ id: z.string(), name: z.string(), probability: z.number() })),
  features: customerFactsSchema.extend({
    lifecycleStage: z.string(),
    /** Days from the last purchase to `featuresAsOf`; null without a purchase. */
    recencyDays: z.number().nullable(),
    /** Days from the first purchase to `featuresAsOf`; null without a purchase. */
    tenureDays: z.number().nullable(),
  }),
  ...provenance,
  assignedAt: z.iso.datetime(),
  /** True where the customer has too little history for the figures to mean much: fewer than two orders and no review. */
  isDataPartial: z.boolean(),
});

const stageProgress = z.strictObject({
  stage: z.string(),
  partitions: z.int(),
  rows: z.int(),
  tookMs: z.number(),
});

export const runSummarySchema = runRecordSchema.omit({ clustering: true, evaluation: true, manifestSha256: true });
export const listRunsAnswer = z.strictObject({ data: z.array(runSummarySchema), cursor });
export const getRunAnswer = runRecordSchema.extend({ stages: z.array(stageProgress) });

/** RFC 9457. */
export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().optional(),
});
