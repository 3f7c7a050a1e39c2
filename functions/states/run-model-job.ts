import * as z from 'zod';
import { safetensorsContentType } from '../../contracts/model-jobs.ts';
import { errorAnswer } from '../../model-jobs/error-answers.ts';
import { trainHead } from '../../model-jobs/head-training.ts';
import { createInProcessEmbedder } from '../../model-jobs/in-process-embedder.ts';
import { createEmbedJob, createTrainHeadJob, type Job } from '../../model-jobs/jobs.ts';
import { readManifest } from '../../model-jobs/model-registry.ts';
import { detectDevice } from '../../runtime/device.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { modelOutputKey } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { modelJobError } from '../wiring/model-job-errors.ts';
import { shippedEncodersFolder } from '../wiring/shipped-encoders.ts';
import { stateFunction } from '../wiring/state-function.ts';

/** Does a model job here, on the CPU: the request and the answer are those of the endpoint. Doing it twice writes the same answer. */

const inputSchema = z.object({ runId: z.string(), inputKey: z.string() });
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
  readonly embed: Job;
  readonly trainHead: Job;
}

export async function runModelJob({ inputKey }: Input, deps: Deps): Promise<{ outputKey: string }> {
  const body = await deps.objects.get(inputKey);
  const outputKey = modelOutputKey(inputKey);
  const job = inputKey.endsWith('.json') ? deps.embed : deps.trainHead;
  await deps.objects.put(outputKey, await answered(job, body), safetensorsContentType);
  return { outputKey };
}

/** Nobody goes away before the answer: Lambda ends the process when its time is up. */
const untilDone = new AbortController().signal;

/** @throws EmbeddingProfileChangedError, ModelJobFailedError, ModelJobRetryableError */
async function answered(job: Job, body: Uint8Array): Promise<Uint8Array> {
  try {
    return await job(body, untilDone);
  } catch (error) {
    throw modelJobError(errorAnswer(error).body, error);
  }
}

export const handler = stateFunction({
  name: 'run-model-job',
  input: inputSchema,
  createDeps: (environment): Deps => {
    const monotonicMs = () => performance.now();
    const manifest = readManifest(shippedEncodersFolder);
    const place = { modelsFolder: shippedEncodersFolder, manifest, provider: 'cpu' } as const;
    const embedder = createInProcessEmbedder(place, createInProcessRunner({ intraOpThreads: 1 }), monotonicMs);
    const trainer = createInProcessRunner({ intraOpThreads: 1, enableMemPattern: false });
    return {
      objects: new ObjectStore(environment.BUCKET_NAME),
      embed: createEmbedJob({ manifest, device: detectDevice('cpu'), embedder }),
      trainHead: createTrainHeadJob({ train: (task) => trainHead(trainer, task, monotonicMs) }, monotonicMs),
    };
  },
  step: runModelJob,
});
