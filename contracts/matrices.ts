import * as z from 'zod';

/** A matrix of a team's own vectors, dropped as a pair of objects under `vectors-inbox/`: `<name>.npy` and `<name>.ids.csv` or `.ids.txt`. */

const problem = z.strictObject({ code: z.string(), message: z.string() });

const rowCounts = z.strictObject({
  read: z.int().nonnegative(),
  accepted: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  rejectedByReason: z.record(z.string(), z.int().nonnegative()),
});

/**
 * `matrices/<matrixId>.json`: the commit of one version of a matrix with one version of its ids. Its vectors count from the moment this
 * object exists, and it is written once (If-None-Match). A pair that could not be taken in is committed too, as `rejected`.
 */
export const matrixCommitSchema = z.strictObject({
  matrixId: z.string().length(32),
  objectKey: z.string().min(1),
  versionId: z.string().min(1),
  idsKey: z.string().min(1),
  idsVersionId: z.string().min(1),
  /** Of the bytes of both objects as dropped, the matrix first, hex; where one is too large to be read, of their etags. */
  sha256: z.string().length(64),
  /** When the later of the two was dropped, milliseconds since 1970. */
  modifiedAtMs: z.number(),
  committedAt: z.iso.datetime(),
  status: z.enum(['accepted', 'rejected']),
  /** Why the matrix as a whole was not taken in. */
  problem: problem.optional(),
  counts: rowCounts,
  /** By partition: safetensors with `customers` U8 [n, 16], and with `vectors` F32 [n, d]. None where it was not taken in. */
  parts: z.array(z.strictObject({ customersKey: z.string(), vectorsKey: z.string(), rows: z.int().nonnegative() })),
  reportKey: z.string().min(1),
  rejectsKey: z.string().min(1).optional(),
});
export type MatrixCommit = z.infer<typeof matrixCommitSchema>;

/** What a person reads about a dropped matrix, under `reports/vectors-inbox/`. */
export const matrixReportSchema = z.strictObject({
  /** The matrix; of a pair that is not whole, the object that was dropped. */
  file: z.string(),
  idsFile: z.string().optional(),
  /** The matrix that both objects make; absent while one is missing. */
  matrixId: z.string().optional(),
  /** `waiting` where the other object was not there when this one was looked at. */
  status: z.enum(['waiting', 'accepted', 'rejected']),
  problem: problem.optional(),
  counts: rowCounts.optional(),
  dims: z.int().positive().optional(),
  /** Type of the elements as NumPy writes it, e.g. `<f4`. */
  dtype: z.string().optional(),
  /** Name of the column that the ids were taken from, where their list has a header. */
  idsColumn: z.string().optional(),
  /** The first rows of each reason, by line of the ids and message; ids are left out, they may be personal. */
  rejectedSamples: z.array(z.strictObject({ line: z.int(), code: z.string(), message: z.string() })).optional(),
  rejectsKey: z.string().optional(),
  tookMs: z.number().nonnegative(),
});
export type MatrixReport = z.infer<typeof matrixReportSchema>;
