/** What a synchronous caller gets. */
export interface InvocationResult {
  readonly requestId: string;
  /** Set when the function failed; the payload is then the error. */
  readonly functionError?: 'Unhandled';
  /** JSON. */
  readonly payload: string;
}
