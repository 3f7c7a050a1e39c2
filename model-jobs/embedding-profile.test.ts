import { expect, test } from 'vitest';
import type { Device } from '../runtime/device.ts';
import { embeddingProfile, embeddingProfileId } from './embedding-profile.ts';
import type { ModelEntry } from './model-registry.ts';

const entry: ModelEntry = {
  modelSha256: 'a'.repeat(64),
  tokenizerSha256: 'b'.repeat(64),
  pooling: 'mean',
  maxTokens: 512,
  precision: 'int8',
  languages: ['en'],
  license: 'MIT',
  source: 'https://example.org/m',
};
const cpu: Device = { provider: 'cpu', runtimeVersion: '1.30.0', deviceClass: 'x64 Test', cores: 2 };
const profile = embeddingProfile('m', entry, cpu);

test('the id is the hash of the canonical JSON', () => {
  // Python: sha256(json.dumps(profile, sort_keys=True, separators=(',', ':'))).hexdigest()[:16]
  expect(embeddingProfileId(profile)).toBe('3490c09ab1492ba3');
});

test('the order of the fields does not matter, every value does', () => {
  const reversed = Object.fromEntries(Object.entries(profile).reverse()) as typeof profile;
  expect(embeddingProfileId(reversed)).toBe('3490c09ab1492ba3');
  expect(embeddingProfileId({ ...profile, runtimeVersion: '1.30.1' })).not.toBe('3490c09ab1492ba3');
});

test('an 8-bit model runs in float32 on a GPU and says so', () => {
  expect(profile.precision).toBe('int8');
  expect(embeddingProfile('m', entry, { ...cpu, provider: 'cuda' }).precision).toBe('fp32');
  expect(embeddingProfile('m', { ...entry, precision: 'fp16' }, { ...cpu, provider: 'cuda' }).precision).toBe('fp16');
});
