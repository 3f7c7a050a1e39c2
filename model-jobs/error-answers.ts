import { ZodError } from 'zod';
import { type ModelError, modelErrorSchema } from '../contracts/model-jobs.ts';
import { InvalidSafetensorsError } from '../numerics/safetensors.ts';
import { WorkerExitedError, WorkerTaskError } from '../runtime/worker-process.ts';
import { ModelJobError } from './job-error.ts';

export interface ErrorAnswer {
  readonly status: number;
  readonly body: ModelError;
}

const statusOf: Readonly<Record<ModelError['code'], number>> = {
  INVALID_JOB: 400,
  UNKNOWN_MODEL: 404,
  PROFILE_CHANGED: 409,
  UNSAFE_ARTIFACT: 422,
  TOO_BUSY: 429,
  INTERNAL: 500,
};

const issuesTold = 3;

/** What the caller is told of a failed job: the reason for what it can change, no inner detail of what it cannot. */
export function errorAnswer(error: unknown): ErrorAnswer {
  const body = modelError(error);
  return { status: body.code === 'INTERNAL' && body.retryable ? 503 : statusOf[body.code], body };
}

function modelError(error: unknown): ModelError {
  if (error instanceof ModelJobError) return { code: error.code, message: error.message, retryable: error.retryable };
  if (error instanceof InvalidSafetensorsError)
    return { code: 'INVALID_JOB', message: error.message, retryable: false };
  if (error instanceof ZodError) {
    const issues = error.issues
      .slice(0, issuesTold)
      .map(({ path, message }) => `${path.join('.') || 'job'}: ${message}`);
    return { code: 'INVALID_JOB', message: issues.join('; '), retryable: false };
  }
  if (error instanceof WorkerTaskError) {
    const code = modelErrorSchema.shape.code.safeParse(error.failure.code);
    if (code.success) return { code: code.data, message: error.message, retryable: error.retryable };
  }
  if (error instanceof WorkerExitedError) {
    return { code: 'INTERNAL', message: 'a worker process ended during the job; send it again', retryable: true };
  }
  return { code: 'INTERNAL', message: 'the job failed inside the model server; its log says why', retryable: false };
}
