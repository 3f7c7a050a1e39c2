/** One function of the template, ready to be run. */
export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  /** What people call it: `ingest-file`. */
  readonly title: string;
  readonly roleArn: string;
  /** Where its output lines go. */
  readonly logGroup: string;
  /** The unpacked bundle. */
  readonly folder: string;
  /** `index.handler` */
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** The whole environment of its process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Processes at a time; less than the service's default where the template reserves less. */
  readonly concurrency: number;
  /** How often a failed asynchronous invocation is tried again. */
  readonly retryAttempts: number;
  /** How long after its receipt an event may still be tried again. */
  readonly maxEventAgeMs: number;
  /** ARN of the queue that receives the events whose retries failed. */
  readonly deadLetterArn?: string;
  /** ARN of the destination that receives a record of them. */
  readonly failureDestinationArn?: string;
}
