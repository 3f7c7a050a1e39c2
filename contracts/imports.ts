import * as z from 'zod';

/** A Parquet file of the lake, and how many rows it holds. */
const part = z.strictObject({ key: z.string().min(1), rows: z.int().nonnegative() });
const partitionedPart = part.extend({ partition: z.int().nonnegative() });

const rowCounts = z.strictObject({
  read: z.int().nonnegative(),
  accepted: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  duplicates: z.int().nonnegative(),
  rejectedByReason: z.record(z.string(), z.int().nonnegative()),
});

/**
 * The commit of one version of one dropped file: a file's rows count from the moment this object exists, and it is written once
 * (If-None-Match). A file that could not be taken in is committed too, as `rejected`, so that nobody waits for it.
 */
export const importCommitSchema = z.strictObject({
  importId: z.string().length(32),
  objectKey: z.string().min(1),
  versionId: z.string().min(1),
  etag: z.string(),
  sizeBytes: z.int().nonnegative(),
  /** Of the bytes as dropped, hex: the same bytes under another name are the same file. */
  sha256: z.string().length(64),
  modifiedAtMs: z.number(),
  committedAt: z.iso.datetime(),
  status: z.enum(['accepted', 'rejected']),
  /** Why the file as a whole was not taken in. */
  problem: z.strictObject({ code: z.string(), message: z.string() }).optional(),
  kind: z.enum(['customers', 'items', 'interactions']).optional(),
  counts: rowCounts,
  /** Time span of the events, milliseconds since 1970. */
  firstAtMs: z.number().optional(),
  lastAtMs: z.number().optional(),
  /** Letters of the texts by script: decides which encoder reads them. */
  scripts: z.strictObject({ latin: z.int().nonnegative(), han: z.int().nonnegative() }),
  parts: z.strictObject({
    customers: z.array(partitionedPart),
    interactions: z.array(partitionedPart),
    items: z.array(part),
    texts: z.array(part),
  }),
  reportKey: z.string().min(1),
  rejectsKey: z.string().min(1).optional(),
});
export type ImportCommit = z.infer<typeof importCommitSchema>;

/** What a person reads about a dropped file, under `reports/`. */
export const importReportSchema = z.strictObject({
  file: z.string(),
  importId: z.string(),
  status: z.enum(['accepted', 'rejected']),
  problem: z.strictObject({ code: z.string(), message: z.string() }).optional(),
  kind: z.enum(['customers', 'items', 'interactions']).optional(),
  sizeBytes: z.int().nonnegative(),
  rows: rowCounts,
  delimiter: z.string().optional(),
  encoding: z.string().optional(),
  columns: z.array(z.strictObject({ column: z.string(), field: z.string(), why: z.string() })),
  ignoredColumns: z.array(z.string()),
  /** What was taken for granted: the order of day and month, the scale of ratings, the encoding. */
  notes: z.array(z.string()),
  /** The first rows of each reason, by line and message; cells are left out, they may hold personal data. */
  rejectedSamples: z.array(z.strictObject({ line: z.int(), code: z.string(), message: z.string() })),
  rejectsKey: z.string().optional(),
  firstEventAt: z.iso.datetime().optional(),
  lastEventAt: z.iso.datetime().optional(),
  tookMs: z.number().nonnegative(),
});
export type ImportReport = z.infer<typeof importReportSchema>;
