/** Weights, labels or options that no classifier can be applied, split or judged with. */
export class InvalidClassifierError extends Error {
  override readonly name = 'InvalidClassifierError';
  readonly code = 'INVALID_CLASSIFIER';
  readonly retryable = false;
}
