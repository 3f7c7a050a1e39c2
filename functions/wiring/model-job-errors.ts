import type { ModelError } from '../../contracts/model-jobs.ts';

/** What a failed model job is called in the state machine, whichever host failed it. */

/** The host embeds with another profile than the job expects: all texts are to be embedded anew. */
export class EmbeddingProfileChangedError extends Error {
  override readonly name = 'EmbeddingProfileChangedError';
  readonly code = 'PROFILE_CHANGED';
  readonly retryable = false;
}

/** The job may be given again. */
export class ModelJobRetryableError extends Error {
  override readonly name = 'ModelJobRetryableError';
  readonly code = 'MODEL_JOB_RETRYABLE';
  readonly retryable = true;
}

export class ModelJobFailedError extends Error {
  override readonly name = 'ModelJobFailedError';
  readonly code = 'MODEL_JOB_FAILED';
  readonly retryable = false;
}

export function modelJobError({ code, message, retryable }: ModelError, cause?: unknown): Error {
  if (code === 'PROFILE_CHANGED') return new EmbeddingProfileChangedError(message, { cause });
  const text = `${code}: ${message}`;
  return retryable ? new ModelJobRetryableError(text, { cause }) : new ModelJobFailedError(text, { cause });
}
