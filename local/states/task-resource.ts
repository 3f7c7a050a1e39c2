/** How a Task waits: for the answer of the call, for the end of the started job, or for a task token. */
export type IntegrationPattern = 'request' | 'sync' | 'sync:2' | 'token';

/** A Task state's `Resource`, taken apart. */
export interface TaskResource {
  readonly arn: string;
  /** `lambda`, `states`, `events`, …, or `aws-sdk:<service>` for an SDK integration. */
  readonly service: string;
  readonly action: string;
  readonly pattern: IntegrationPattern;
  /** Set when the resource is the ARN of a function itself: Arguments are then its payload, and its answer the result. */
  readonly functionArn?: string;
}

const LAMBDA_FUNCTION = /^arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?$/;
const INTEGRATION =
  /^arn:aws[\w-]*:states:::((?:aws-sdk:)?[a-z0-9-]+):([A-Za-z]+)(\.sync|\.sync:2|\.waitForTaskToken)?$/;

const PATTERNS: Readonly<Record<string, IntegrationPattern>> = {
  '.sync': 'sync',
  '.sync:2': 'sync:2',
  '.waitForTaskToken': 'token',
};

/** Takes a `Resource` apart; undefined when it is of no form known here. */
export function parseTaskResource(arn: string): TaskResource | undefined {
  if (LAMBDA_FUNCTION.test(arn)) {
    return { arn, service: 'lambda', action: 'invoke', pattern: 'request', functionArn: arn };
  }
  const match = INTEGRATION.exec(arn);
  if (!match) return undefined;
  const [, service = '', action = '', suffix] = match;
  return { arn, service, action, pattern: suffix === undefined ? 'request' : (PATTERNS[suffix] ?? 'request') };
}

/** Nested executions are served by the engine itself, not by the integrations. */
export function isNestedExecution(resource: TaskResource): boolean {
  return resource.service === 'states' && resource.action === 'startExecution';
}
