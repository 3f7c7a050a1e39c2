import { type EncoderPlace, loadEncoder } from '../model-jobs/encoder-loading.ts';
import type { EncodedTexts, SentenceEncoder } from '../model-jobs/sentence-encoder.ts';
import { createInProcessRunner } from '../runtime/in-process.ts';
import { serveTasks } from '../runtime/serve-tasks.ts';

/** The program of an embedding process: all encoders of the manifest, loaded once, one thread. */

/** Vector size of each model. */
export type EmbeddingWorkerReady = Readonly<Record<string, number>>;

export interface EmbeddingTask {
  readonly model: string;
  readonly texts: readonly string[];
}

serveTasks<EncoderPlace, EmbeddingWorkerReady, EmbeddingTask, EncodedTexts>(async (place) => {
  const runner = createInProcessRunner({ provider: place.provider, intraOpThreads: 1 });
  const encoders = new Map<string, SentenceEncoder>();
  for (const model of Object.keys(place.manifest)) {
    encoders.set(model, await loadEncoder(place, model, runner, () => performance.now()));
  }
  return {
    ready: Object.fromEntries([...encoders].map(([model, { dims }]) => [model, dims])),
    work: ({ model, texts }) => encoders.get(model)!.encode(texts),
  };
});
