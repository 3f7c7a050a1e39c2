import * as z from 'zod';

/** What sets a segment apart in one feature. */
export const segmentTraitSchema = z.strictObject({
  feature: z.string(),
  label: z.string(),
  segmentMean: z.number(),
  baseMean: z.number(),
  /** What is typical, unmoved by a few very large customers. */
  segmentTypical: z.number(),
  baseTypical: z.number(),
  /** segmentTypical / baseTypical; null where the base is zero. */
  ratio: z.number().nullable(),
  /** Difference of the means in standard deviations of all customers, damped for small segments. */
  effectSize: z.number(),
  /** The same in words. */
  phrase: z.string(),
});

const cardWord = z.strictObject({
  word: z.string(),
  /** Part of the segment's choices that carry the word, every customer weighing the same. */
  share: z.number(),
  /** `share` over that of all customers. */
  lift: z.number(),
});

/** A segment in plain words and figures; the same object in `segments.json`, the registry and the API. */
export const segmentCardSchema = z.strictObject({
  segmentId: z.string(),
  name: z.string(),
  customers: z.int().nonnegative(),
  /** Of all segmented customers, 0 to 1. */
  share: z.number().min(0).max(1),
  revenue: z.number(),
  revenueShare: z.number(),
  summary: z.string(),
  traits: z.array(segmentTraitSchema),
  categories: z.array(cardWord),
  words: z.array(cardWord),
  items: z.array(
    z.strictObject({
      item: z.string(),
      title: z.string(),
      customers: z.int().nonnegative(),
      customerShare: z.number(),
      lift: z.number(),
    }),
  ),
  /** Pseudonyms of the customers nearest to the segment's centre. */
  typicalCustomers: z.array(z.string()),
  /** Customers by lifecycle stage. */
  lifecycle: z.record(z.string(), z.int().nonnegative()),
  months: z.array(z.strictObject({ month: z.string(), revenue: z.number(), lines: z.int().nonnegative() })),
  /** The segment of the previous run that this one goes on from, and their overlap in members (Jaccard index). */
  matchedFrom: z.strictObject({ segmentId: z.string(), jaccard: z.number() }).nullable(),
});
export type SegmentCard = z.infer<typeof segmentCardSchema>;

/** `runs/<runId>/segments.json`: the cards in order of cluster, and how they go on from the last run's. */
export const runSegmentsSchema = z.strictObject({
  cards: z.array(segmentCardSchema),
  changes: z.array(z.record(z.string(), z.unknown())),
  /** The highest segment number given so far. */
  lastNumber: z.int().nonnegative(),
});
export type RunSegments = z.infer<typeof runSegmentsSchema>;
