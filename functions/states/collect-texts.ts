import * as z from 'zod';
import type { EmbedBatch, EmbedJob, ModelHost } from '../../contracts/model-jobs.ts';
import { embeddingKeys, modelInputKeys, runKeys } from '../../storage/keys.ts';
import { LakeReader } from '../../storage/lake-reader.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { readTensors } from '../../storage/tensor-files.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { chooseHost, type HostWork, jobsFor } from './embedding-host.ts';
import { readPlan } from './run-input.ts';

/**
 * Finds the texts that no run has embedded yet, chooses the host that embeds them, and cuts them into jobs for it. A text is embedded
 * once, ever, within one profile.
 */

const inputSchema = z.object({
  runId: z.string(),
  /** True where the host's profile is another than that of the cached vectors: all texts are embedded anew. */
  ignoreCache: z.boolean(),
});
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
  /** Where this deployment can embed. */
  readonly hosts: readonly ModelHost[];
}

interface Result {
  readonly rows: number;
  readonly texts: number;
  readonly host: ModelHost;
  readonly cachedProfileId: string;
}

interface CachedWork extends HostWork {
  /** Profile of the vectors that the host has given so far; undefined where there are none, or none count. */
  readonly profileId: string | undefined;
}

const profilePointerSchema = z.object({ profileId: z.string() });

export async function collectTexts({ runId, ignoreCache }: Input, deps: Deps): Promise<Result> {
  const { objects, registry, hosts } = deps;
  const plan = await readPlan(objects, runId);
  const texts = await new LakeReader(objects, plan).texts();
  const chosen = chooseHost(
    await Promise.all(
      hosts.map(async (host): Promise<CachedWork> => {
        const profileId = ignoreCache ? undefined : await profileOf(objects, plan.model, host);
        const cached = profileId ? await cachedTextIds(objects, profileId) : new Set<string>();
        const uncached = [...texts.keys()].filter((textId) => !cached.has(textId)).sort();
        return { host, profileId, texts: uncached.map((textId) => texts.get(textId) ?? '') };
      }),
    ),
  );
  const { host, profileId } = chosen;
  const batches = await Promise.all(
    jobsFor(chosen).map(async (jobTexts, batch): Promise<EmbedBatch> => {
      const job: EmbedJob = {
        kind: 'embed',
        model: plan.model,
        texts: jobTexts,
        ...(profileId ? { expectedProfileId: profileId } : {}),
      };
      const inputKey = modelInputKeys.embed(runId, batch);
      await objects.putJson(inputKey, job);
      return { batch, inputKey, host };
    }),
  );
  await objects.putJson(runKeys(runId).embedJobs, batches);
  const uncachedTexts = chosen.texts.length;
  await registry.updateRun(runId, { embedding: { host, uncachedTexts } });
  return { rows: uncachedTexts, texts: texts.size, host, cachedProfileId: profileId ?? '' };
}

async function profileOf(objects: ObjectStore, model: string, host: ModelHost): Promise<string | undefined> {
  const key = embeddingKeys.currentProfile(model, host);
  return (await objects.findJson(key, (value) => profilePointerSchema.parse(value)))?.profileId;
}

async function cachedTextIds(objects: ObjectStore, profileId: string): Promise<Set<string>> {
  const parts = await objects.list(embeddingKeys.vectorsPrefix(profileId));
  const ids = await Promise.all(parts.map(async ({ key }) => (await readTensors(objects, key)).ids('textIds')));
  return new Set(ids.flat());
}

export const handler = stageFunction({
  name: 'collect-texts',
  input: inputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    registry: new RegistryTable(environment.REGISTRY_TABLE),
    hosts: environment.MODEL_HOSTS,
  }),
  step: collectTexts,
});
