import { functionArnPlaceholder } from './placeholders.ts';

/** How state machines call functions. */

export type State = Record<string, unknown>;

const lambdaTransientErrors = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.ClientExecutionTimeoutException',
];

export const retryTransient = [
  {
    ErrorEquals: [...lambdaTransientErrors, 'StorageUnavailableError'],
    IntervalSeconds: 1,
    MaxAttempts: 5,
    BackoffRate: 2,
    MaxDelaySeconds: 30,
    JitterStrategy: 'FULL',
  },
];

export function invoke(functionName: string, payload: Record<string, unknown>): State {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: functionArnPlaceholder(functionName), Payload: payload },
    Output: '{% $states.result.Payload %}',
    Retry: retryTransient,
    TimeoutSeconds: 960,
  };
}
