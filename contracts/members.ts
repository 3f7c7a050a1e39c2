import * as z from 'zod';

/** `runs/<runId>/members/<segmentId>.json`: how many members each partition holds. Members are listed from these objects. */
export const memberIndexSchema = z.strictObject({
  segmentId: z.string(),
  customers: z.int().nonnegative(),
  partitions: z.array(z.int().nonnegative()),
  /** Of the run: pages that follow a cursor tell where they come from even when another run is live. */
  modelVersion: z.string(),
  asOf: z.iso.datetime(),
});
export type MemberIndex = z.infer<typeof memberIndexSchema>;

/** `runs/<runId>/members/<segmentId>/<partition>.json`: pseudonym and confidence, in order of pseudonym. */
export const memberPartSchema = z.array(z.tuple([z.string(), z.number().nullable()]));
export type MemberPart = z.infer<typeof memberPartSchema>;
