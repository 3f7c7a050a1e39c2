import type { GraphRunner } from '../numerics/runner.ts';
import { type EncoderPlace, loadEncoder } from './encoder-loading.ts';
import type { Embedder } from './jobs.ts';
import type { SentenceEncoder } from './sentence-encoder.ts';

/** Embeds in this process, one text per run; an encoder is loaded when the first text for it comes. Blocks the event loop while it works. */
export function createInProcessEmbedder(place: EncoderPlace, runner: GraphRunner, monotonicMs: () => number): Embedder {
  const loaded = new Map<string, Promise<SentenceEncoder>>();
  const encoderOf = (model: string): Promise<SentenceEncoder> => {
    let encoder = loaded.get(model);
    if (encoder === undefined) {
      encoder = loadEncoder(place, model, runner, monotonicMs);
      loaded.set(model, encoder);
    }
    return encoder;
  };
  return {
    dimsOf: async (model) => (await encoderOf(model)).dims,
    async embed(model, texts, signal) {
      const encoder = await encoderOf(model);
      signal.throwIfAborted();
      return encoder.encode(texts);
    },
  };
}
