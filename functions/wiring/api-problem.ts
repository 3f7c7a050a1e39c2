/** An answer other than 2xx, as application/problem+json. `detail` is read by the caller: what is wrong and what to do. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code = 'API_PROBLEM';
  readonly retryable: boolean;
  readonly status: number;
  readonly title: string;
  /** Of the answer, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, title: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.title = title;
    this.headers = headers;
    this.retryable = status === 503;
  }
}
