import { passingErrorNames } from './errors.ts';

/** What a service answered instead of what was asked for; `name` is the service's own, such as `ThrottlingException`. */
export class ServiceAnswerError extends Error {
  override readonly name: string;
  readonly code = 'SERVICE_ANSWER';
  readonly retryable: boolean;
  readonly status: number;

  constructor(name: string, message: string, status: number) {
    super(message);
    this.name = name;
    this.status = status;
    this.retryable = status >= 500 || passingErrorNames.has(name);
  }
}
