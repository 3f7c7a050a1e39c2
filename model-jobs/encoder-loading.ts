import { toFullPrecision } from '../numerics/onnx/full-precision.ts';
import type { GraphRunner } from '../numerics/runner.ts';
import type { Provider } from '../runtime/in-process.ts';
import { runPrecision } from './embedding-profile.ts';
import { type ModelManifest, readEncoderFiles } from './model-registry.ts';
import { loadSentenceEncoder, type SentenceEncoder } from './sentence-encoder.ts';

/** One text at a time is exact for 8-bit models and fastest on a CPU; a GPU wants many. */
const rowsPerRun = { cpu: 1, cuda: 64 } as const satisfies Record<Provider, number>;

export interface EncoderPlace {
  /** Folder with the encoders of `manifest`. */
  readonly modelsFolder: string;
  readonly manifest: ModelManifest;
  readonly provider: Provider;
}

/**
 * Loads an encoder as its embedding profile says: the same text has the same bits from whoever loads it on such a device.
 * @throws UnsafeArtifactError when a file is not the one that the manifest pins.
 */
export async function loadEncoder(
  { modelsFolder, manifest, provider }: EncoderPlace,
  model: string,
  runner: GraphRunner,
  monotonicMs: () => number,
): Promise<SentenceEncoder> {
  const entry = manifest[model]!;
  const files = readEncoderFiles(modelsFolder, model, entry);
  const requantized = runPrecision(entry, provider) !== entry.precision;
  return loadSentenceEncoder(
    { ...files, model: requantized ? toFullPrecision(files.model) : files.model },
    { ...entry, rowsPerRun: rowsPerRun[provider] },
    runner,
    monotonicMs,
  );
}
