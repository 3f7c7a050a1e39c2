import { runPrecision } from '../model-jobs/embedding-profile.ts';
import { type ModelManifest, readEncoderFiles } from '../model-jobs/model-registry.ts';
import { type EncodedTexts, loadSentenceEncoder, type SentenceEncoder } from '../model-jobs/sentence-encoder.ts';
import { toFullPrecision } from '../numerics/onnx/full-precision.ts';
import { createInProcessRunner, type Provider } from '../runtime/in-process.ts';
import { serveTasks } from '../runtime/serve-tasks.ts';

/** The program of an embedding process: all encoders of the manifest, loaded once, one thread. */

/** One text at a time is exact for 8-bit models and fastest on a CPU; a GPU wants many. */
const rowsPerRun = { cpu: 1, cuda: 64 } as const satisfies Record<Provider, number>;

export interface EmbeddingWorkerStartup {
  readonly modelsFolder: string;
  readonly manifest: ModelManifest;
  readonly provider: Provider;
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
      const requantized = runPrecision(entry, provider) !== entry.precision;
      const encoder = await loadSentenceEncoder(
        { ...files, model: requantized ? toFullPrecision(files.model) : files.model },
        { ...entry, rowsPerRun: rowsPerRun[provider] },
        runner,
        () => performance.now(),
      );
      encoders.set(model, encoder);
    }
    return {
      ready: Object.fromEntries([...encoders].map(([model, { dims }]) => [model, dims])),
      work: ({ model, texts }) => encoders.get(model)!.encode(texts),
    };
  },
);
