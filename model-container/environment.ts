import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** What the model server is told by its environment; every value has a default, so that it starts as it is. */
export const modelServerEnvironmentSchema = z
  .object({
    /** Set by SageMaker. 0: any free port. */
    SAGEMAKER_BIND_TO_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
    /** The container must answer on every address; a laptop gives 127.0.0.1. */
    BIND_ADDRESS: z.string().min(1).default('0.0.0.0'),
    /** The folder with manifest.json and the encoders. */
    MODELS_FOLDER: z
      .string()
      .min(1)
      .default(fileURLToPath(new URL('./models', import.meta.url))),
    EXECUTION_PROVIDER: z.enum(['auto', 'cpu', 'cuda']).default('auto'),
    /** Default: one per processor core, on a GPU one. */
    EMBEDDING_PROCESSES: z.coerce.number().int().min(1).max(256).optional(),
    /** Embed jobs taken at a time, and as many training jobs; more are refused with TOO_BUSY. */
    MAX_JOBS: z.coerce.number().int().min(1).default(16),
    MAX_BODY_BYTES: z.coerce
      .number()
      .int()
      .min(1)
      .default(512 * 2 ** 20),
    /** How long accepted jobs may still take after SIGTERM. */
    DRAIN_TIMEOUT_MS: z.coerce.number().int().min(0).default(25_000),
  })
  .transform((environment) => ({
    port: environment.SAGEMAKER_BIND_TO_PORT,
    address: environment.BIND_ADDRESS,
    modelsFolder: environment.MODELS_FOLDER,
    provider: environment.EXECUTION_PROVIDER,
    embeddingProcesses: environment.EMBEDDING_PROCESSES,
    maxJobs: environment.MAX_JOBS,
    maxBodyBytes: environment.MAX_BODY_BYTES,
    drainTimeoutMs: environment.DRAIN_TIMEOUT_MS,
  }));
