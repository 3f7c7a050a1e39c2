/** A call of the Lambda API that is refused before any function runs; `code` is the exception's name in the service model. */
export class LambdaApiError extends Error {
  override readonly name = 'LambdaApiError';
  readonly code:
    | 'ResourceNotFoundException'
    | 'RequestTooLargeException'
    | 'InvalidParameterValueException'
    | 'ServiceException';
  readonly retryable: boolean;

  constructor(code: LambdaApiError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = code === 'ServiceException';
  }
}
