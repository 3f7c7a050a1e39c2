/** Rows, weights or blocks that cannot be computed with: not finite, of the wrong width, or absent. */
export class InvalidVectorsError extends Error {
  override readonly name = 'InvalidVectorsError';
  readonly code = 'INVALID_VECTORS';
  readonly retryable = false;
}
