import type { ModelHost } from '../contracts/model-jobs.ts';
import { invoke, retryTransient, type State } from './lambda-task.asl.ts';
import { functionArnPlaceholder } from './placeholders.ts';

export interface ModelJobOptions {
  /** Where it can be run. */
  readonly hosts: readonly ModelHost[];
  /** JSONata that answers the host to run it, where there are several. */
  readonly host: string;
  /** `runId` and `inputKey`, the key of the request. */
  readonly payload: Record<string, unknown>;
  /** The state's output; given JSONata that answers the key of the answer. */
  readonly output: (outputKey: string) => Record<string, unknown>;
  /** State after EmbeddingProfileChangedError; without it that is an error as any other. */
  readonly onProfileChanged?: string;
  readonly next: string;
}

/** The states of one model job, entered at `name`: a request in S3 in, its answer in S3 out, whichever host does it. */
export function modelJobStates(name: string, options: ModelJobOptions): Record<string, State> {
  const { hosts, host } = options;
  const [only] = hosts;
  if (hosts.length === 1 && only) return { [name]: taskOf[only](options) };
  const [inLambda, onEndpoint] = [`${name}InLambda`, `${name}OnEndpoint`];
  return {
    [name]: {
      Type: 'Choice',
      Choices: [{ Condition: `{% ${host} = 'lambda' %}`, Next: inLambda }],
      Default: onEndpoint,
    },
    [inLambda]: taskOf.lambda(options),
    [onEndpoint]: taskOf.sagemaker(options),
  };
}

const taskOf: Readonly<Record<ModelHost, (options: ModelJobOptions) => State>> = {
  lambda: ({ payload, output, onProfileChanged, next }) => ({
    ...invoke('run-model-job', payload),
    Retry: [
      ...retryTransient,
      // Functions run on processors of several kinds: another environment may be of the kind that the cached vectors are from.
      { ErrorEquals: ['EmbeddingProfileChangedError'], IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2 },
    ],
    Output: output('$states.result.Payload.outputKey'),
    ...catching(onProfileChanged),
    Next: next,
  }),
  /** Hands the job to the asynchronous endpoint and waits until its SNS notice, or the answer's object in S3, resumes this task. */
  sagemaker: ({ payload, output, onProfileChanged, next }) => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: {
      FunctionName: functionArnPlaceholder('submit-model-job'),
      Payload: { ...payload, taskToken: '{% $states.context.Task.Token %}' },
    },
    Retry: [
      ...retryTransient,
      { ErrorEquals: ['ModelJobRetryableError'], IntervalSeconds: 5, MaxAttempts: 3, BackoffRate: 2 },
    ],
    TimeoutSeconds: 7200,
    Output: output('$states.result.outputKey'),
    ...catching(onProfileChanged),
    Next: next,
  }),
};

function catching(onProfileChanged: string | undefined): State {
  if (onProfileChanged === undefined) return {};
  return { Catch: [{ ErrorEquals: ['EmbeddingProfileChangedError'], Next: onProfileChanged }] };
}
