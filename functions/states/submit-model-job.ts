import { createHash } from 'node:crypto';
import * as z from 'zod';
import { safetensorsContentType } from '../../contracts/model-jobs.ts';
import { ModelEndpoint } from '../../storage/model-endpoint.ts';
import { ModelJobsTable } from '../../storage/model-jobs-table.ts';
import { stateFunction } from '../wiring/state-function.ts';

/**
 * Hands a job to the asynchronous endpoint. The job's id and its task token are stored before the endpoint is called, so the
 * answer always finds who waits for it; where the answer will lie is stored after, so that it is found there without a notice too.
 */

const inputSchema = z.object({ runId: z.string(), inputKey: z.string(), taskToken: z.string() });
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly jobs: ModelJobsTable;
  readonly endpoint: ModelEndpoint;
  readonly nowMs: () => number;
}

const keptForSeconds = 7 * 86_400;

export async function submitModelJob(input: Input, { jobs, endpoint, nowMs }: Deps): Promise<{ inferenceId: string }> {
  const { runId, inputKey, taskToken } = input;
  const inferenceId = createHash('sha256').update(inputKey).update('\0').update(taskToken).digest('hex').slice(0, 32);
  const expiresAt = Math.floor(nowMs() / 1000) + keptForSeconds;
  await jobs.put({ inferenceId, runId, taskToken, inputKey, status: 'SUBMITTED', expiresAt });
  const answerKeys = await endpoint.submit(
    inferenceId,
    inputKey,
    inputKey.endsWith('.json') ? 'application/json' : safetensorsContentType,
  );
  await jobs.noteAnswerKeys(inferenceId, answerKeys, expiresAt);
  return { inferenceId };
}

export const handler = stateFunction({
  name: 'submit-model-job',
  input: inputSchema,
  createDeps: (environment) => ({
    jobs: new ModelJobsTable(environment.MODEL_JOBS_TABLE),
    endpoint: new ModelEndpoint(environment.MODEL_ENDPOINT_NAME, environment.BUCKET_NAME),
    nowMs: Date.now,
  }),
  step: submitModelJob,
});
