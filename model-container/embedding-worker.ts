import type { Device } from '../runtime/device.ts';
import { createInProcessRunner } from '../runtime/in-process.ts';
import { serveTasks } from '../runtime/serve-tasks.ts';
import { type ModelManifest, readEncoderFiles } from './model-registry.ts';
import { type EncodedTexts, loadSentenceEncoder, type SentenceEncoder } from './sentence-encoder.ts';

/** The program of an embedding process: all encoders of the manifest, loaded once, one thread. */

export interface EmbeddingWorkerStartup {
  readonly modelsFolder: string;
  readonly manifest: ModelManifest;
  readonly provider: Device['provider'];
}

/** Vector size of each model. */
export type EmbeddingWorkerReady = Readonly<Record<string, number>>;

export interface EmbeddingTask {
  readonly model: string;
  readonly texts: readonly string[];
}

serveTasks<EmbeddingWorkerStartup, EmbeddingWorkerReady, EmbeddingTask, EncodedTexts>(
  async ({ modelsFolder, manifest, provider }) => {
    const runner = createInProcessRunner({ provider, intraOpThreads: 1 });
    const encoders = new Map<string, SentenceEncoder>();
    for (const [model, entry] of Object.entries(manifest)) {
      const files = readEncoderFiles(modelsFolder, model, entry);
      encoders.set(model, await loadSentenceEncoder(files, entry, runner, () => performance.now()));
    }
    return {
      ready: Object.fromEntries([...encoders].map(([model, { dims }]) => [model, dims])),
      work: ({ model, texts }) => encoders.get(model)!.encode(texts),
    };
  },
);
