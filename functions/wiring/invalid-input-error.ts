import type * as z from 'zod';

/** The event is not one that the function takes. Names the fields, never their values: they may hold customer data. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError';
  readonly code = 'INVALID_INPUT';
  readonly retryable = false;

  constructor(functionName: string, cause: z.ZodError) {
    const fields = cause.issues.map((issue) => `${issue.path.join('.') || '(the event)'}: ${issue.code}`);
    super(`${functionName} cannot take this event: ${fields.join('; ')}`, { cause });
  }
}
