import * as z from 'zod';
import { modelErrorSchema } from '../../contracts/model-jobs.ts';
import { Executions } from '../../storage/executions.ts';
import { ModelJobsTable } from '../../storage/model-jobs-table.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { ModelJobFailedError, modelJobError } from '../wiring/model-job-errors.ts';
import { stateFunction } from '../wiring/state-function.ts';

/**
 * Resumes the task that waits for a job of the asynchronous endpoint. It hears of the answer twice: by the endpoint's SNS topics, and by
 * S3, through EventBridge, of the object in which the answer lies. The first to come resumes; news that comes again, late or of a job
 * that nobody knows changes nothing.
 * Formats: SageMaker Developer Guide, "Check prediction results"; Amazon S3 User Guide, "EventBridge event message structure".
 */

const noticeSchema = z.object({
  invocationStatus: z.enum(['Completed', 'Failed']),
  inferenceId: z.string(),
  failureReason: z.string().optional(),
  responseParameters: z.object({ outputLocation: z.string() }).optional(),
});

const inputSchema = z.union([
  z.object({ Records: z.array(z.object({ Sns: z.object({ Message: z.string() }) })).min(1) }),
  z.object({ detail: z.object({ object: z.object({ key: z.string() }) }) }),
]);
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly jobs: ModelJobsTable;
  readonly objects: ObjectStore;
  readonly executions: Executions;
}

interface Result {
  readonly resumed: number;
  readonly late: number;
}

/** How a job ended: the object with its result, or the reason for its failure. */
interface News {
  readonly inferenceId: string;
  readonly end: { readonly outputKey: string } | { readonly failureReason: string };
}

/** Where the endpoint is told to put failures (infra/stacks/model-stack.ts). */
const failuresFolder = '/failures/';

export async function resumeModelJob(input: Input, { jobs, objects, executions }: Deps): Promise<Result> {
  const news =
    'Records' in input
      ? input.Records.map(({ Sns }) => newsOfNotice(Sns.Message))
      : await newsOfObject(input.detail.object.key, jobs, objects);
  let resumed = 0;
  for (const { inferenceId, end } of news) {
    const job = await jobs.find(inferenceId);
    if (job?.status !== 'SUBMITTED') continue;
    const outcome =
      'outputKey' in end
        ? await executions.succeed(job.taskToken, { outputKey: end.outputKey })
        : await executions.fail(job.taskToken, ...failureOf(end.failureReason));
    await jobs.end(inferenceId, 'outputKey' in end ? 'DONE' : 'FAILED');
    if (outcome === 'resumed') resumed += 1;
  }
  return { resumed, late: Math.max(1, news.length) - resumed };
}

function newsOfNotice(message: string): News {
  const { invocationStatus, inferenceId, failureReason, responseParameters } = noticeSchema.parse(JSON.parse(message));
  const outputLocation = responseParameters?.outputLocation;
  return {
    inferenceId,
    end:
      invocationStatus === 'Completed' && outputLocation !== undefined
        ? { outputKey: keyIn(outputLocation) }
        : { failureReason: failureReason ?? 'the endpoint gave no reason' },
  };
}

async function newsOfObject(key: string, jobs: ModelJobsTable, objects: ObjectStore): Promise<News[]> {
  const inferenceId = await jobs.findByAnswerKey(key);
  if (inferenceId === undefined) return [];
  if (!key.includes(failuresFolder)) return [{ inferenceId, end: { outputKey: key } }];
  const failureReason = new TextDecoder().decode(await objects.get(key)).slice(0, longestReasonCharacters);
  return [{ inferenceId, end: { failureReason } }];
}

/** Step Functions API reference, SendTaskFailure: a cause has at most 32,768 characters. */
const longestReasonCharacters = 32_768;

/** `s3://bucket/model-output/x.out` -> `model-output/x.out` */
function keyIn(location: string): string {
  return new URL(location).pathname.slice(1);
}

/** The container's own refusal stands as JSON inside SageMaker's failure reason, and alone in the failure's object. */
function failureOf(reason: string): [error: string, cause: string] {
  const json = /\{.*\}/s.exec(reason)?.[0];
  const refusal = json ? modelErrorSchema.safeParse(parsed(json)) : undefined;
  const error = refusal?.success ? modelJobError(refusal.data) : new ModelJobFailedError(reason);
  return [error.name, error.message];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // not the container's refusal: the reason is passed on as it is
  }
}

export const handler = stateFunction({
  name: 'resume-model-job',
  input: inputSchema,
  createDeps: (environment) => ({
    jobs: new ModelJobsTable(environment.MODEL_JOBS_TABLE),
    objects: new ObjectStore(environment.BUCKET_NAME),
    executions: new Executions(),
  }),
  step: resumeModelJob,
});
