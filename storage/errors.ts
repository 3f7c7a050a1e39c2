/** A store refused or did not answer in a way that may pass: the caller's retry is worth it. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError';
  readonly code = 'STORAGE_UNAVAILABLE';
  readonly retryable = true;
}

/** The object or item asked for is not there. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
  readonly code = 'NOT_STORED';
  readonly retryable = false;
}

/** A stored thing is not in the form that it should be in. */
export class CorruptRecordError extends Error {
  override readonly name = 'CorruptRecordError';
  readonly code = 'CORRUPT_RECORD';
  readonly retryable = false;
}

/** A conditional write found that another writer was first. */
export class AlreadyStoredError extends Error {
  override readonly name = 'AlreadyStoredError';
  readonly code = 'ALREADY_STORED';
  readonly retryable = false;
}

export const passingErrorNames: ReadonlySet<string> = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'InternalServerError',
  'InternalError',
  'ServiceUnavailable',
  'SlowDown',
  // Of S3: two conditional writes of one key at once.
  'ConditionalRequestConflict',
  'RequestTimeout',
  'TimeoutError',
  'NetworkingError',
  'ECONNRESET',
  'ECONNREFUSED',
]);

interface ServiceError {
  readonly name?: string;
  readonly code?: string;
  readonly status?: number;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * Turns what an AWS service answered, or its SDK client throws, into a domain error, where the domain has one; anything else stays as it is.
 * `what` names the object or item, without customer data.
 */
export function toStorageError(error: unknown, what: string): unknown {
  const serviceError = error as ServiceError;
  const name = serviceError.name ?? '';
  const status = serviceError.status ?? serviceError.$metadata?.httpStatusCode ?? 0;
  if (name === 'NoSuchKey' || name === 'NotFound' || name === 'NoSuchVersion') {
    return new NotStoredError(`${what} is not stored`, { cause: error });
  }
  if (name === 'PreconditionFailed' || name === 'ConditionalCheckFailedException' || status === 412) {
    return new AlreadyStoredError(`${what} was written by another first`, { cause: error });
  }
  if (passingErrorNames.has(name) || passingErrorNames.has(serviceError.code ?? '') || status >= 500) {
    return new StorageUnavailableError(`${what}: the store answered ${name || status}; the call can be retried`, {
      cause: error,
    });
  }
  return error;
}

/** Runs a call of an AWS service and turns its errors into domain errors. */
export async function storing<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toStorageError(error, what);
  }
}
