import * as z from 'zod';
import { embedBatchSchema, embedJobSchema, embedReportSchema } from '../../contracts/model-jobs.ts';
import { textIdOf } from '../../segmentation/records/text-id.ts';
import { embeddingKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { idsTensor, matrixTensor, putTensors, readTensors } from '../../storage/tensor-files.ts';
import { stageFunction } from '../wiring/state-function.ts';

/** Puts the vectors of one job into the cache, under the ids of their texts and the profile that made them. */

const inputSchema = z.object({
  runId: z.string(),
  job: embedBatchSchema,
  outputKey: z.string(),
});
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
}

export async function cacheEmbeddings(
  { runId, job, outputKey }: Input,
  { objects }: Deps,
): Promise<{ rows: number; profileId: string }> {
  const [{ texts, model }, answer] = await Promise.all([
    objects.getJson(job.inputKey, (value) => embedJobSchema.parse(value)),
    readTensors(objects, outputKey),
  ]);
  const { profileId, profile } = answer.json('job', (value) => embedReportSchema.parse(value));
  await putTensors(
    objects,
    embeddingKeys.vectors(profileId, runId, job.batch),
    { textIds: idsTensor(texts.map(textIdOf)), vectors: matrixTensor(answer.matrix('vectors')) },
    { profile: JSON.stringify(profile) },
  );
  await objects.putJson(embeddingKeys.currentProfile(model, job.host), { profileId, profile });
  return { rows: texts.length, profileId };
}

export const handler = stageFunction({
  name: 'cache-embeddings',
  input: inputSchema,
  createDeps: (environment) => ({ objects: new ObjectStore(environment.BUCKET_NAME) }),
  step: cacheEmbeddings,
});
