import * as z from 'zod';
import { modelHosts } from './model-jobs.ts';

/**
 * The environment of each function: the CDK construct fills exactly these variables, and the function parses the same object.
 * A variable that is renamed here fails the type check in `infra/`, not a request at night.
 */
const text = z.string().min(1);
const count = z.coerce.number().int().positive();

const bucket = { BUCKET_NAME: text };
const registry = { REGISTRY_TABLE: text };
const customers = { CUSTOMERS_TABLE: text };
const identities = { IDENTITIES_TABLE: text };
const modelJobs = { MODEL_JOBS_TABLE: text };
const pseudonyms = { PSEUDONYM_SECRET_ARN: text };
/** `lambda`, `sagemaker` or both with a comma between. */
const hosts = {
  MODEL_HOSTS: z.preprocess((value) => String(value).split(','), z.array(z.enum(modelHosts)).min(1)),
};
const partitions = { LAKE_PARTITIONS: count };

/** Every state works on the run's objects and notes its row counts in the registry. */
const stage = { ...bucket, ...registry };

export const environments = {
  // triggers
  'ingest-file': z.object({ ...bucket, ...identities, ...pseudonyms, ...partitions }),
  'ingest-matrix': z.object({ ...bucket, ...identities, ...pseudonyms, ...partitions }),
  'start-run-when-quiet': z.object({ ...bucket, ...registry, RUN_STATE_MACHINE_ARN: text, QUIET_SECONDS: count }),
  'resume-model-job': z.object({ ...bucket, ...modelJobs }),
  // states of the segment run
  'open-run': z.object({ ...stage }),
  'plan-run': z.object({
    ...stage,
    ...partitions,
    SEGMENTS: z.union([z.literal('auto'), count]),
    VECTOR_DIMS: count,
    MODEL: text,
    MINIMUM_ACCURACY: z.coerce.number().min(0).max(1),
  }),
  'build-features': z.object({ ...stage }),
  'collect-texts': z.object({ ...stage, ...hosts }),
  'submit-model-job': z.object({ ...bucket, ...modelJobs, MODEL_ENDPOINT_NAME: text }),
  'run-model-job': z.object({ ...bucket }),
  'cache-embeddings': z.object({ ...stage }),
  'build-vectors': z.object({ ...stage }),
  'fit-output-layer': z.object({ ...stage }),
  'project-vectors': z.object({ ...stage }),
  'place-vectors': z.object({ ...stage }),
  'cluster-vectors': z.object({ ...stage }),
  'describe-segments': z.object({ ...stage }),
  'prepare-training': z.object({ ...stage }),
  'continue-training': z.object({ ...bucket }),
  'evaluate-run': z.object({ ...stage }),
  'discard-rows': z.object({ ...stage, ...customers }),
  'publish-rows': z.object({ ...stage, ...customers }),
  'promote-run': z.object({ ...stage }),
  'announce-run': z.object({ ...stage }),
  'close-run': z.object({ ...stage }),
  // routes of the API
  'list-segments': z.object({ ...registry }),
  'get-segment': z.object({ ...registry }),
  'list-segment-members': z.object({ ...bucket, ...registry, ...identities, ...partitions }),
  'get-customer-segment': z.object({ ...registry, ...customers, ...pseudonyms }),
  'batch-get-customer-segments': z.object({ ...registry, ...customers, ...pseudonyms }),
  'classify-customer': z.object({ ...bucket, ...registry }),
  'list-runs': z.object({ ...registry }),
  'start-run': z.object({ ...registry, RUN_STATE_MACHINE_ARN: text }),
  'get-run': z.object({ ...registry }),
  'get-openapi': z.object({}),
} as const;

export type FunctionName = keyof typeof environments;
export type Environment<F extends FunctionName> = z.infer<(typeof environments)[F]>;
