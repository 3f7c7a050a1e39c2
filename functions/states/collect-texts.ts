import * as z from 'zod';
import type { EmbedJob } from '../../contracts/model-jobs.ts';
import { embeddingKeys, modelInputKeys, runKeys } from '../../storage/keys.ts';
import { LakeReader } from '../../storage/lake-reader.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { readTensors } from '../../storage/tensor-files.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { readPlan } from './run-input.ts';

/** Finds the texts that no run has embedded yet and cuts them into jobs for the endpoint. A text is embedded once, ever. */

const inputSchema = z.object({
  runId: z.string(),
  /** True where the endpoint's profile is another than that of the cached vectors: all texts are embedded anew. */
  ignoreCache: z.boolean(),
});
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
}

const profilePointerSchema = z.object({ profileId: z.string() });
const textsPerJob = 20_000;

export async function collectTexts(
  { runId, ignoreCache }: Input,
  { objects }: Deps,
): Promise<{ rows: number; texts: number; cachedProfileId: string }> {
  const plan = await readPlan(objects, runId);
  const texts = await new LakeReader(objects, plan).texts();
  const pointer = ignoreCache
    ? undefined
    : await objects.findJson(embeddingKeys.currentProfile(plan.model), (value) => profilePointerSchema.parse(value));
  const cached = pointer ? await cachedTextIds(objects, pointer.profileId) : new Set<string>();
  const uncached = [...texts.keys()].filter((textId) => !cached.has(textId)).sort();

  const jobs: { batch: number; inputKey: string }[] = [];
  for (let start = 0; start < uncached.length; start += textsPerJob) {
    const batch = jobs.length;
    const job: EmbedJob = {
      kind: 'embed',
      model: plan.model,
      texts: uncached.slice(start, start + textsPerJob).map((textId) => texts.get(textId) ?? ''),
      ...(pointer ? { expectedProfileId: pointer.profileId } : {}),
    };
    const inputKey = modelInputKeys.embed(runId, batch);
    await objects.putJson(inputKey, job);
    jobs.push({ batch, inputKey });
  }
  await objects.putJson(runKeys(runId).embedJobs, jobs);
  return { rows: uncached.length, texts: texts.size, cachedProfileId: pointer?.profileId ?? '' };
}

async function cachedTextIds(objects: ObjectStore, profileId: string): Promise<Set<string>> {
  const parts = await objects.list(embeddingKeys.vectorsPrefix(profileId));
  const ids = await Promise.all(parts.map(async ({ key }) => (await readTensors(objects, key)).ids('textIds')));
  return new Set(ids.flat());
}

export const handler = stageFunction({
  name: 'collect-texts',
  input: inputSchema,
  createDeps: (environment) => ({ objects: new ObjectStore(environment.BUCKET_NAME) }),
  step: collectTexts,
});
