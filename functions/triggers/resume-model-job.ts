import * as z from 'zod';
import { modelErrorSchema } from '../../contracts/model-jobs.ts';
import { Executions } from '../../storage/executions.ts';
import { ModelJobsTable } from '../../storage/model-jobs-table.ts';
import { stateFunction } from '../wiring/state-function.ts';

/**
 * Hears from the asynchronous endpoint's SNS topics and resumes the task that waits for the job. A notice that comes twice, or
 * after the task has given up, changes nothing.
 * Message format: SageMaker Developer Guide, "Check prediction results", Amazon SNS notifications.
 */

const noticeSchema = z.object({
  invocationStatus: z.enum(['Completed', 'Failed']),
  inferenceId: z.string(),
  failureReason: z.string().optional(),
  responseParameters: z.object({ outputLocation: z.string() }).optional(),
});

const inputSchema = z.object({
  Records: z.array(z.object({ Sns: z.object({ Message: z.string() }) })).min(1),
});
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly jobs: ModelJobsTable;
  readonly executions: Executions;
}

interface Result {
  readonly resumed: number;
  readonly late: number;
}

export async function resumeModelJob(input: Input, { jobs, executions }: Deps): Promise<Result> {
  let resumed = 0;
  let late = 0;
  for (const { Sns } of input.Records) {
    const notice = noticeSchema.parse(JSON.parse(Sns.Message));
    const job = await jobs.find(notice.inferenceId);
    if (job?.status !== 'SUBMITTED') {
      late += 1;
      continue;
    }
    const outputLocation = notice.responseParameters?.outputLocation;
    const completed = notice.invocationStatus === 'Completed' && outputLocation !== undefined;
    const outcome = completed
      ? await executions.succeed(job.taskToken, { outputKey: keyIn(outputLocation) })
      : await executions.fail(job.taskToken, ...failureOf(notice.failureReason ?? 'the endpoint gave no reason'));
    await jobs.end(job.inferenceId, completed ? 'DONE' : 'FAILED');
    if (outcome === 'resumed') resumed += 1;
    else late += 1;
  }
  return { resumed, late };
}

/** `s3://bucket/model-output/x.out` -> `model-output/x.out` */
function keyIn(location: string): string {
  return new URL(location).pathname.slice(1);
}

/** The container's own refusal stands as JSON inside SageMaker's failure reason. */
function failureOf(reason: string): [error: string, cause: string] {
  const json = /\{.*\}/s.exec(reason)?.[0];
  const refusal = json ? modelErrorSchema.safeParse(parsed(json)) : undefined;
  if (!refusal?.success) return ['ModelJobFailedError', reason];
  const { code, message, retryable } = refusal.data;
  if (code === 'PROFILE_CHANGED') return ['EmbeddingProfileChangedError', message];
  return [retryable ? 'ModelJobRetryableError' : 'ModelJobFailedError', `${code}: ${message}`];
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
    executions: new Executions(),
  }),
  step: resumeModelJob,
});
