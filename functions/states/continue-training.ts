import * as z from 'zod';
import { headCheckpointSchema, trainHeadReportSchema } from '../../contracts/model-jobs.ts';
import { modelInputKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { putTensors, readTensors } from '../../storage/tensor-files.ts';
import { stateFunction } from '../wiring/state-function.ts';

/**
 * Looks at what a training answered: the head, or a checkpoint. From a checkpoint it writes the request by which training goes on. The
 * checkpoint lies in S3 from then on: an invocation that dies costs what it did since.
 */

const inputSchema = z.object({ runId: z.string(), inputKey: z.string(), outputKey: z.string() });
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
}

/** `inputKey` is the request to give next, where training is not finished. */
interface Result {
  readonly isFinished: boolean;
  readonly inputKey: string;
  readonly outputKey: string;
}

const answerSchema = z.discriminatedUnion('kind', [trainHeadReportSchema, headCheckpointSchema]);

export async function continueTraining({ runId, inputKey, outputKey }: Input, { objects }: Deps): Promise<Result> {
  const answer = await readTensors(objects, outputKey);
  const report = answer.json('job', (value) => answerSchema.parse(value));
  if (report.kind === 'train-head') return { isFinished: true, inputKey, outputKey };
  const request = await readTensors(objects, inputKey);
  const nextKey = modelInputKeys.trainFrom(runId, report.epochs);
  const { vectors, labels } = request.tensors;
  await putTensors(
    objects,
    nextKey,
    { ...answer.tensors, vectors: vectors!, labels: labels! },
    { job: request.metadata['job']!, checkpoint: JSON.stringify(report) },
  );
  return { isFinished: false, inputKey: nextKey, outputKey };
}

export const handler = stateFunction({
  name: 'continue-training',
  input: inputSchema,
  createDeps: (environment) => ({ objects: new ObjectStore(environment.BUCKET_NAME) }),
  step: continueTraining,
});
