import * as z from 'zod';
import { modelHosts } from './model-jobs.ts';
import { clusteringReportSchema, evaluationSchema, requestedOptionsSchema, runStatuses } from './runs.ts';

/** A run as the registry keeps it; what `GET /runs/{runId}` is made of. */
export const runRecordSchema = z.strictObject({
  runId: z.string(),
  runSeq: z.int().positive(),
  status: z.enum(runStatuses),
  trigger: z.string(),
  executionName: z.string(),
  /** What whoever started the run asked for instead of the deployment's settings. */
  options: requestedOptionsSchema.optional(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  error: z.string().optional(),
  reason: z.string().optional(),
  /** The matrix of the team's own vectors that the run clusters; absent where it clusters the lake's customers. */
  matrixId: z.string().optional(),
  manifestSha256: z.string().optional(),
  files: z.int().optional(),
  customers: z.int().optional(),
  prospects: z.int().optional(),
  segments: z.int().optional(),
  /** Where the texts were embedded that had no vector yet, and how many these were. */
  embedding: z.strictObject({ host: z.enum(modelHosts), uncachedTexts: z.int().nonnegative() }).optional(),
  clustering: clusteringReportSchema.optional(),
  evaluation: evaluationSchema.optional(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** Which run look-ups answer from. Replaced by one conditional write. */
export const livePointerSchema = z.strictObject({
  runId: z.string(),
  runSeq: z.int().positive(),
  promotedAt: z.iso.datetime(),
  manifestSha256: z.string(),
  modelVersion: z.string(),
  /** Features of the run's customers are as of this moment. */
  asOf: z.iso.datetime(),
  previousRunId: z.string().optional(),
});
export type LivePointer = z.infer<typeof livePointerSchema>;

/** Which execution may run; see `storage/run-lease.ts`. */
export const runLeaseSchema = z.strictObject({ executionArn: z.string(), takenAtMs: z.number() });
export type RunLeaseRecord = z.infer<typeof runLeaseSchema>;

/** One function's part in a run: how many rows it worked through. Written again with the same values by a retry. */
export const stageRecordSchema = z.strictObject({
  stage: z.string(),
  partition: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  tookMs: z.number().nonnegative(),
});
export type StageRecord = z.infer<typeof stageRecordSchema>;
