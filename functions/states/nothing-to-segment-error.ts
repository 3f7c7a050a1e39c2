/** The run has no data that it could find segments in. The run ends as FAILED with this message; what was live stays live. */
export class NothingToSegmentError extends Error {
  override readonly name = 'NothingToSegmentError';
  readonly code = 'NOTHING_TO_SEGMENT';
  readonly retryable = false;
}
