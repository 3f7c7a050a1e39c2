import type { Settings } from '../contracts/settings.ts';

/** Defaults of the embedded cloud where a laptop wants others than a deployment: a partition for each of a few cores. */
export const laptopSettings: Readonly<Partial<Settings>> = { lakePartitions: 2 };
