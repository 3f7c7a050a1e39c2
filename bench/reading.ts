import { z } from 'zod';

/** How it went to read one file in a process of its own. */
export const readingSchema = z.object({
  seconds: z.number(),
  /** Rows of the file. */
  read: z.int(),
  /** Rows that are left after cleaning; those read where nothing is cleaned. */
  kept: z.int(),
  peakMegabytes: z.number(),
});

export type Reading = z.infer<typeof readingSchema>;

export type ReaderName = 'kindred' | 'csv-parse';
