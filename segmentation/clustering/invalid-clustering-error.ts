/** Options, labels or centroids that no clustering can be computed with. */
export class InvalidClusteringError extends Error {
  override readonly name = 'InvalidClusteringError';
  readonly code = 'INVALID_CLUSTERING';
  readonly retryable = false;
}
