import { afterEach, beforeEach, expect, test } from 'vitest';
import { submitModelJob } from '../../functions/states/submit-model-job.ts';
import { resumeModelJob } from '../../functions/triggers/resume-model-job.ts';
import { ModelEndpoint } from '../../storage/model-endpoint.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';
import { startScriptedService } from '../harness/scripted-service.ts';
import { machineArn, startWaitingMachine } from '../harness/waiting-machine.ts';

/** What the endpoint's notices do to the tasks that wait: real tokens on the states engine, jobs in dynalite. */

let stores: EmbeddedStores;
let machine: Awaited<ReturnType<typeof startWaitingMachine>>;
beforeEach(async () => {
  [stores, machine] = await Promise.all([startEmbeddedStores(1), startWaitingMachine()]);
});
afterEach(() => Promise.all([stores.close(), machine.close()]));

const inferenceId = 'f'.repeat(32);

const answerKey = 'model-output/endpoint/x.out';
const failureKey = 'model-output/endpoint/failures/x-error.out';

/** Starts an execution that waits, and notes its job as `submit-model-job` does. */
async function submitted(): Promise<string> {
  await machine.executions.start(machineArn, 'run', {});
  await machine.time.idle();
  const taskToken = machine.tokens[0] ?? '';
  const job = { inferenceId, runId: 'run-000001', taskToken, inputKey: 'model-input/a.json' };
  const expiresAt = 2_000_000_000;
  await stores.modelJobs.put({ ...job, status: 'SUBMITTED', expiresAt });
  await stores.modelJobs.noteAnswerKeys(inferenceId, [answerKey, failureKey], expiresAt);
  return taskToken;
}

/** Notices as SNS hands them to a function: SageMaker Developer Guide, "Check prediction results". */
function hear(...messages: object[]) {
  return resume({ Records: messages.map((message) => ({ Sns: { Message: JSON.stringify(message) } })) });
}

/** An object was created: Amazon S3 User Guide, "EventBridge event message structure". */
function find(key: string) {
  return resume({ detail: { object: { key } } });
}

function resume(input: Parameters<typeof resumeModelJob>[0]) {
  const { modelJobs: jobs, objects } = stores;
  return resumeModelJob(input, { jobs, objects, executions: machine.executions });
}

const completed = {
  awsRegion: 'us-east-1',
  eventTime: '2026-01-05T08:00:00.000Z',
  receivedTime: '2026-01-05T07:59:00.000Z',
  invocationStatus: 'Completed',
  requestParameters: { endpointName: 'e', inputLocation: 's3://data/model-input/a.json' },
  responseParameters: {
    contentType: 'application/x-safetensors',
    outputLocation: 's3://data/model-output/endpoint/x.out',
  },
  inferenceId,
  eventVersion: '1.0',
  eventSource: 'aws:sagemaker',
  eventName: 'InferenceResult',
};
const failed = (failureReason: string) => ({
  ...completed,
  invocationStatus: 'Failed',
  responseParameters: undefined,
  failureReason,
});

test('a finished job resumes its task with the key of its answer', async () => {
  await submitted();
  expect(await hear(completed)).toEqual({ resumed: 1, late: 0 });
  expect(await machine.endOf('run')).toMatchObject({
    status: 'SUCCEEDED',
    output: JSON.stringify({ outputKey: answerKey }),
  });
  expect((await stores.modelJobs.find(inferenceId))?.status).toBe('DONE');
});

test('a notice that comes twice resumes once', async () => {
  await submitted();
  expect(await hear(completed, completed)).toEqual({ resumed: 1, late: 1 });
  expect(await hear(failed('late failure'))).toEqual({ resumed: 0, late: 1 });
  expect((await machine.endOf('run')).status).toBe('SUCCEEDED');
  expect((await stores.modelJobs.find(inferenceId))?.status).toBe('DONE');
});

test('a notice of a job that nobody knows changes nothing', async () => {
  expect(await hear(completed)).toEqual({ resumed: 0, late: 1 });
});

test('an answer after the task gave up is late and harmless', async () => {
  await submitted();
  expect(await machine.endOf('run')).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  expect(await hear(completed)).toEqual({ resumed: 0, late: 1 });
});

const refusal = (code: string, retryable: boolean) => JSON.stringify({ code, message: 'why', retryable });

test.each([
  ['PROFILE_CHANGED', refusal('PROFILE_CHANGED', false), 'EmbeddingProfileChangedError', 'why'],
  ['TOO_BUSY', refusal('TOO_BUSY', true), 'ModelJobRetryableError', 'TOO_BUSY: why'],
  ['INVALID_JOB', refusal('INVALID_JOB', false), 'ModelJobFailedError', 'INVALID_JOB: why'],
])(
  'a refusal %s inside the reason that SageMaker gives fails the task under its own error',
  async (_, body, error, cause) => {
    await submitted();
    const reason = `ClientError: Received client error (400) from model with message "${body}". See the log for more.`;
    expect(await hear(failed(reason))).toEqual({ resumed: 1, late: 0 });
    expect(await machine.endOf('run')).toMatchObject({ status: 'FAILED', error, cause });
    expect((await stores.modelJobs.find(inferenceId))?.status).toBe('FAILED');
  },
);

test.each(['InternalServerError: the instance was lost', 'a brace { that is not JSON }'])(
  'a failure with the reason "%s" fails the task with it',
  async (reason) => {
    await submitted();
    await hear(failed(reason));
    expect(await machine.endOf('run')).toMatchObject({ error: 'ModelJobFailedError', cause: reason });
  },
);

test('where no notice comes, the object of the answer resumes the task; a notice after that is late', async () => {
  await submitted();
  expect(await find(answerKey)).toEqual({ resumed: 1, late: 0 });
  expect(await machine.endOf('run')).toMatchObject({
    status: 'SUCCEEDED',
    output: JSON.stringify({ outputKey: answerKey }),
  });
  expect(await hear(completed)).toEqual({ resumed: 0, late: 1 });
  expect(await find(answerKey)).toEqual({ resumed: 0, late: 1 });
});

test('where no notice comes of a failure, its object fails the task under the error of the refusal', async () => {
  await submitted();
  await stores.objects.put(failureKey, refusal('PROFILE_CHANGED', false));
  expect(await find(failureKey)).toEqual({ resumed: 1, late: 0 });
  expect(await machine.endOf('run')).toMatchObject({ error: 'EmbeddingProfileChangedError', cause: 'why' });
  expect((await stores.modelJobs.find(inferenceId))?.status).toBe('FAILED');
});

test('an object that is the answer to no known job changes nothing', async () => {
  await submitted();
  expect(await find('model-output/endpoint/y.out')).toEqual({ resumed: 0, late: 1 });
  expect((await stores.modelJobs.find(inferenceId))?.status).toBe('SUBMITTED');
});

test('a job is stored before the endpoint is called, and where its answer will lie as soon as the endpoint says', async () => {
  const sagemaker = await startScriptedService('sagemaker');
  const endpoint = new ModelEndpoint('e', 'data', sagemaker.access);
  let known: Promise<unknown> | undefined;
  sagemaker.answer = ({ headers }) => {
    // The answer could come at any moment from now on: the job must be known already.
    known = stores.modelJobs.find(String(headers['x-amzn-sagemaker-inference-id']));
    const locations = {
      'x-amzn-sagemaker-outputlocation': `s3://data/${answerKey}`,
      'x-amzn-sagemaker-failurelocation': `s3://data/${failureKey}`,
    };
    return { status: 202, headers: locations, body: { InferenceId: headers['x-amzn-sagemaker-inference-id'] } };
  };
  try {
    const { inferenceId: id } = await submitModelJob(
      { runId: 'run-000001', inputKey: 'model-input/a.json', taskToken: 'token' },
      { jobs: stores.modelJobs, endpoint, nowMs: stores.nowMs },
    );
    expect(await known).toMatchObject({ inferenceId: id, status: 'SUBMITTED', taskToken: 'token' });
    // The limits are those of InvokeEndpointAsync: an hour for an invocation; nobody waits for more than two.
    expect(sagemaker.requests.map(({ headers }) => headers)).toMatchObject([
      {
        'x-amzn-sagemaker-inputlocation': 's3://data/model-input/a.json',
        'x-amzn-sagemaker-invocationtimeoutseconds': '3600',
        'x-amzn-sagemaker-requestttlseconds': '7200',
      },
    ]);
    expect(await stores.modelJobs.findByAnswerKey(answerKey)).toBe(id);
    expect(await stores.modelJobs.findByAnswerKey(failureKey)).toBe(id);
  } finally {
    endpoint.close();
    await sagemaker.close();
  }
});
