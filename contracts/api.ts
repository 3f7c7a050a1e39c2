import * as z from 'zod';
import { runRecordSchema } from './registry.ts';
import { customerFactsSchema, requestedOptionsSchema } from './runs.ts';
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

export const pageParameters = z.strictObject({ limit: limitParameter, cursor: cursorParameter });
export const membersParameters = segmentIdParameter.extend({ limit: limitParameter, cursor: cursorParameter });
export const noParameters = z.strictObject({});
export const runIdParameter = z.strictObject({
  runId: z
    .string()
    .regex(/^run-\d+$/)
    .describe('Id of a run, e.g. `run-000001`.'),
});
const customerId = z.string().min(1).max(256).describe("The shop's own id of the customer.");
export const customerIdParameter = z.strictObject({ customerId });

/** Bytes of a request's body. Enough for 100 ids of 256 characters, however they are escaped. */
export const maxBodyBytes = 256 * 1024;

export const batchGetBody = z.strictObject({
  customerIds: z
    .array(customerId)
    .min(1)
    .max(100)
    .describe('Up to 100 ids; one that is given twice is answered twice.'),
});
export const batchGetInput = z.strictObject({ body: batchGetBody });

export const startRunBody = requestedOptionsSchema;
export const startRunInput = z.strictObject({
  body: startRunBody.optional(),
  idempotencyKey: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe(
      'Made up by the caller, e.g. a UUID. A request that is sent again with the same key starts no second run.',
    ),
});

const toldEvent = z.strictObject({
  type: z
    .string()
    .min(1)
    .max(100)
    .describe(
      'What was done, named as in files: `purchase`, `refund`, `view`, `add_to_cart`, `review`, …; an unknown name counts as `custom`.',
    ),
  time: z.iso.datetime({ offset: true }),
  item: z
    .strictObject({
      id: z
        .string()
        .min(1)
        .max(256)
        .optional()
        .describe("The shop's own id: an item that the live run knows needs no title."),
      title: z.string().min(1).max(500).optional(),
      category: z.string().min(1).max(500).optional().describe('The narrowest last, after a `>`.'),
    })
    .optional(),
  quantity: z.number().optional().describe('Units; below 0 for what was given back.'),
  amount: z.number().optional().describe("Money of the whole line, in the shop's currency."),
  rating: z.number().min(1).max(5).optional(),
  text: z.string().min(1).max(10_000).optional().describe('What the customer wrote: a review, a question.'),
  orderId: z.string().min(1).max(256).optional(),
});

export const classifyBody = z.strictObject({
  attributes: z
    .record(z.string().min(1).max(100), z.union([z.number(), z.string().max(200)]))
    .optional()
    .describe('What is known of the customer, under the names and with the values of the files.'),
  events: z.array(toldEvent).min(1).max(1000),
});
export const classifyInput = z.strictObject({ body: classifyBody });

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

export const customerSegmentSchema = z.strictObject({
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
  assignedAt: z.iso.datetime(),
  /** True where the customer has too little history for the figures to mean much: fewer than two orders and no review. */
  isDataPartial: z.boolean(),
});

export type CustomerSegment = z.infer<typeof customerSegmentSchema>;

export const customerSegmentAnswer = customerSegmentSchema.extend(provenance);

export const batchGetAnswer = z.strictObject({
  ...provenance,
  /** In the order of the ids asked for. */
  data: z.array(customerSegmentSchema),
  /** Ids asked for that no customer of the run has, in their order. */
  notFound: z.array(z.string()),
});

export const startRunAnswer = z.strictObject({
  runId: z.string(),
  /** Name of the Step Functions execution. */
  executionName: z.string(),
});

export const classifyAnswer = z.strictObject({
  segment: z.strictObject({ id: z.string(), name: z.string() }),
  /** Calibrated probability of the segment. */
  confidence: z.number(),
  alternatives: z.array(z.strictObject({ id: z.string(), name: z.string(), probability: z.number() })),
  features: customerFactsSchema.extend({ lifecycleStage: z.string() }),
  isDataPartial: z.boolean(),
  ...provenance,
  embedding: z.strictObject({
    /** Texts whose vectors are those of the run. */
    cachedTexts: z.int().nonnegative(),
    /** Texts new to the run, embedded for this answer. */
    embeddedTexts: z.int().nonnegative(),
    /** Embedding profile in which texts are embedded for this answer, and that of the run's own vectors; null where the run has no texts. */
    profileId: z.string().nullable(),
    runProfileId: z.string().nullable(),
    /**
     * False where new texts were embedded in another profile than the run's (its texts on a GPU, these on a CPU): then the vector is near
     * to, and not to the bit, what the run would make of the same events.
     */
    isExact: z.boolean(),
  }),
  /** Items named by an id that the run does not know, and without a title: they count as behaviour, and say nothing of taste. */
  itemsWithoutText: z.int().nonnegative(),
  /** Attributes that the run does not know, or with a value of another kind than it knows; left out. */
  ignoredAttributes: z.array(z.string()),
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
