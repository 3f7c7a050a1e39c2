import { z } from 'zod';

/** `runs/<runId>/members/<segmentId>.json`: how many members each partition holds. Members are listed from these objects. */
export const memberIndexSchema = z.strictObject({
  segmentId: z.string(),
  customers: z.int().nonnegative(),
  partitions: z.array(z.int().nonnegative()),
});
export type MemberIndex = z.infer<typeof memberIndexSchema>;

/** `runs/<runId>/members/<segmentId>/<partition>.json`: pseudonym and confidence, in order of pseudonym. */
export const memberPartSchema = z.array(z.tuple([z.string(), z.number().nullable()]));
export type MemberPart = z.infer<typeof memberPartSchema>;
