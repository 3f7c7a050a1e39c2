import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { embeddingProfileSchema } from '../contracts/model-jobs.ts';
import { assertPinned } from '../runtime/artifact-safety.ts';
import type { SentenceEncoderFiles } from './sentence-encoder.ts';

/**
 * The folder of encoders: `manifest.json`, and per model a folder as Hugging Face lays it out (`model.onnx`, `tokenizer.json`). To add a
 * model is to add its folder and its entry.
 */

export const modelEntrySchema = z.strictObject({
  ...embeddingProfileSchema.pick({
    modelSha256: true,
    tokenizerSha256: true,
    pooling: true,
    maxTokens: true,
    precision: true,
  }).shape,
  /** ISO 639-1 codes of the languages it was trained for. */
  languages: z.array(z.string().length(2)).min(1),
  /** SPDX expression. */
  license: z.string().min(1),
  source: z.url(),
});
export type ModelEntry = z.infer<typeof modelEntrySchema>;

const manifestSchema = z.strictObject({
  models: z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/), modelEntrySchema),
});

export type ModelManifest = Readonly<Record<string, ModelEntry>>;

/** @throws ZodError when the manifest does not follow its schema, the file system's error when it cannot be read. */
export function readManifest(modelsFolder: string): ModelManifest {
  return manifestSchema.parse(JSON.parse(readFileSync(join(modelsFolder, 'manifest.json'), 'utf8'))).models;
}

/** @throws UnsafeArtifactError when a file is not the one that the manifest pins. */
export function readEncoderFiles(modelsFolder: string, model: string, entry: ModelEntry): SentenceEncoderFiles {
  const pinned = (file: string, sha256: string): Uint8Array => {
    const bytes = readFileSync(join(modelsFolder, model, file));
    assertPinned(`${model}/${file}`, bytes, sha256);
    return bytes;
  };
  return {
    model: pinned('model.onnx', entry.modelSha256),
    tokenizerJson: JSON.parse(new TextDecoder().decode(pinned('tokenizer.json', entry.tokenizerSha256))),
  };
}
