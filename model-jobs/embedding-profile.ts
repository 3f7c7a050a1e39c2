import { createHash } from 'node:crypto';
import type { EmbeddingProfile } from '../contracts/model-jobs.ts';
import type { Device } from '../runtime/device.ts';
import type { Provider } from '../runtime/in-process.ts';
import type { ModelEntry } from './model-registry.ts';

export function embeddingProfile(model: string, entry: ModelEntry, device: Device): EmbeddingProfile {
  const { modelSha256, tokenizerSha256, pooling, maxTokens } = entry;
  const precision = runPrecision(entry, device.provider);
  const { provider, runtimeVersion, deviceClass } = device;
  return { model, modelSha256, tokenizerSha256, precision, pooling, maxTokens, provider, runtimeVersion, deviceClass };
}

/** 8-bit models are run in float32 on a GPU, see `toFullPrecision`. */
export function runPrecision(
  { precision }: Pick<ModelEntry, 'precision'>,
  provider: Provider,
): EmbeddingProfile['precision'] {
  return provider === 'cuda' && precision === 'int8' ? 'fp32' : precision;
}

/** The first 16 hex digits of the sha256 of the profile as JSON with sorted keys. */
export function embeddingProfileId(profile: EmbeddingProfile): string {
  const canonical = JSON.stringify(Object.fromEntries(Object.entries(profile).sort(([a], [b]) => (a < b ? -1 : 1))));
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16);
}
