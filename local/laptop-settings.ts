import type { Settings } from '../contracts/settings.ts';

/**
 * Defaults of the embedded cloud where a laptop wants others than a deployment. One partition: the files of a shop fit one process, and
 * each further process starts cold (measured on two cores: 7.5 s from PUT to look-up with one partition, 10.1 s with two). The API takes
 * what an AWS account allows at most unless told otherwise: a laptop's owner shares it with nobody.
 * The model server starts beside the synthesis and runs a process for each core, which a function's process does not.
 */
export const laptopSettings: Readonly<Partial<Settings>> = {
  lakePartitions: 1,
  modelHosting: 'sagemaker',
  apiRequestsPerSecond: 10_000,
  apiBurst: 5_000,
};
