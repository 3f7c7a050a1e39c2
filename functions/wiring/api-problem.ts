/** An answer other than 200, as application/problem+json. `detail` is read by the caller: what is wrong and what to do. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code = 'API_PROBLEM';
  readonly retryable = false;
  readonly status: number;
  readonly title: string;

  constructor(status: number, title: string, detail: string) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}
