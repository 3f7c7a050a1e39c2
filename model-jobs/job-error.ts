import type { ModelError } from '../contracts/model-jobs.ts';

/** A job refused or failed; its body for the caller is `modelErrorSchema`. */
export class ModelJobError extends Error {
  override readonly name = 'ModelJobError';
  readonly code: ModelError['code'];
  readonly retryable: boolean;

  constructor(code: ModelError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = code === 'TOO_BUSY';
  }
}
