import { ConditionalCheckFailedException, ProvisionedThroughputExceededException } from '@aws-sdk/client-dynamodb';
import { NoSuchKey, NotFound, S3ServiceException } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { NotStoredError, StorageUnavailableError, storing, toStorageError } from './errors.ts';

const answered = (httpStatusCode: number) => ({ message: 'm', $metadata: { httpStatusCode } });
const s3Error = (name: string, status: number) =>
  new S3ServiceException({ name, $fault: status < 500 ? 'client' : 'server', ...answered(status) });

describe("an SDK's error", () => {
  test.each([
    ['NoSuchKey', new NoSuchKey(answered(404))],
    ['NotFound, as HeadObject says it', new NotFound(answered(404))],
    ['NoSuchVersion', s3Error('NoSuchVersion', 404)],
  ])('%s is NotStoredError', (_, error) => {
    const told = toStorageError(error, 's3://data/x') as NotStoredError;
    expect(told).toMatchObject({ name: 'NotStoredError', retryable: false, message: 's3://data/x is not stored' });
    expect(told.cause).toBe(error);
  });

  test.each([
    ['PreconditionFailed of S3', s3Error('PreconditionFailed', 412)],
    ['ConditionalCheckFailedException of DynamoDB', new ConditionalCheckFailedException(answered(400))],
  ])('%s is AlreadyStoredError', (_, error) => {
    expect(toStorageError(error, 'x')).toMatchObject({ name: 'AlreadyStoredError', retryable: false, cause: error });
  });

  test.each([
    ['a throttled table', new ProvisionedThroughputExceededException(answered(400))],
    ['SlowDown', s3Error('SlowDown', 503)],
    ['any 5xx', s3Error('SomethingNew', 500)],
    ['a connection that was cut', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
    ['a connection that was refused', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['a request that took too long', Object.assign(new Error('timeout'), { name: 'TimeoutError' })],
    // "A conflicting conditional operation is currently in progress against this resource. Try again." (S3 API, error codes)
    ['two conditional writes at once', s3Error('ConditionalRequestConflict', 409)],
  ])('%s is StorageUnavailableError, which the state machine tries again', (_, error) => {
    expect(toStorageError(error, 'x')).toMatchObject({
      name: 'StorageUnavailableError',
      retryable: true,
      cause: error,
    });
  });

  test.each([s3Error('AccessDenied', 403), new TypeError('a fault of ours')])(
    'that tells of neither stays as it is',
    (error) => {
      expect(toStorageError(error, 'x')).toBe(error);
    },
  );
});

test('storing gives the answer, or the domain error', async () => {
  expect(await storing('x', async () => 7)).toBe(7);
  await expect(storing('x', () => Promise.reject(new NoSuchKey(answered(404))))).rejects.toBeInstanceOf(NotStoredError);
  await expect(storing('x', () => Promise.reject(s3Error('SlowDown', 503)))).rejects.toBeInstanceOf(
    StorageUnavailableError,
  );
});
