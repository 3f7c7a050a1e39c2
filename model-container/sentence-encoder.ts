import type { EmbeddingProfile } from '../contracts/model-jobs.ts';
import { readOnnxModel } from '../numerics/onnx/model-file.ts';
import type { GraphRunner, GraphSession } from '../numerics/runner.ts';
import type { Tensor } from '../numerics/tensor.ts';
import { createTextTokenizer, type TokenWindow } from './text-tokenizer.ts';

export interface EncodedTexts {
  /** [texts, dims], row-major, unit length. */
  readonly vectors: Float32Array;
  /** Token ids run, special tokens included. */
  readonly tokens: number;
  readonly tokenizeMs: number;
  readonly computeMs: number;
}

export interface SentenceEncoder {
  readonly dims: number;
  encode(texts: readonly string[]): Promise<EncodedTexts>;
}

export interface SentenceEncoderFiles {
  readonly model: Uint8Array;
  readonly tokenizerJson: object;
}

/**
 * Loads an encoder whose graph takes `input_ids` (and `attention_mask`, `token_type_ids` where it knows them; int64 [1, tokens])
 * and gives `last_hidden_state` float32 [1, tokens, dims]. Every text is run alone: a dynamically quantised model gives a text
 * other bits beside other texts. `monotonicMs` only times the work.
 */
export async function loadSentenceEncoder(
  files: SentenceEncoderFiles,
  { pooling, maxTokens }: Pick<EmbeddingProfile, 'pooling' | 'maxTokens'>,
  runner: GraphRunner,
  monotonicMs: () => number,
): Promise<SentenceEncoder> {
  const tokenizer = createTextTokenizer(files.tokenizerJson, maxTokens);
  const session = await runner.open(files.model);
  const hiddenOf = createHiddenStates(session, inputNames(files.model), maxTokens);
  const dims = (await hiddenOf(tokenizer.windows('')[0]!)).dims[2]!;
  return {
    dims,
    async encode(texts) {
      const startedMs = monotonicMs();
      const windowsOfTexts = texts.map((text) => tokenizer.windows(text));
      const tokenizedMs = monotonicMs();
      const vectors = new Float32Array(texts.length * dims);
      const sums = new Float64Array(dims);
      let tokens = 0;
      for (const [row, windows] of windowsOfTexts.entries()) {
        sums.fill(0);
        for (const window of windows) {
          const hidden = (await hiddenOf(window)).data as Float32Array;
          if (pooling === 'mean') addTokenVectors(sums, hidden, window.length);
          else addFirstToken(sums, hidden, window.length);
          tokens += window.length;
        }
        writeUnitVector(vectors, row, sums);
      }
      return { vectors, tokens, tokenizeMs: tokenizedMs - startedMs, computeMs: monotonicMs() - tokenizedMs };
    },
  };
}

function inputNames(model: Uint8Array): ReadonlySet<string> {
  return new Set(readOnnxModel(model).graph!.input.map(({ name }) => name));
}

/** Runs windows one at a time over the same input memory. */
function createHiddenStates(session: GraphSession, inputs: ReadonlySet<string>, maxTokens: number) {
  const ids = new BigInt64Array(maxTokens);
  // Token ids fit in the low 32 bits of each little-endian int64; the high halves stay 0.
  const lowWords = new Int32Array(ids.buffer);
  const ones = new BigInt64Array(maxTokens).fill(1n);
  const zeros = new BigInt64Array(maxTokens);
  const constantInputs = Object.entries({ attention_mask: ones, token_type_ids: zeros }).filter(([name]) =>
    inputs.has(name),
  );
  return async (window: TokenWindow): Promise<Tensor> => {
    for (let token = 0; token < window.length; token += 1) lowWords[2 * token] = window[token]!;
    const row = (data: BigInt64Array): Tensor<'int64'> => ({
      type: 'int64',
      dims: [1, window.length],
      data: data.subarray(0, window.length),
    });
    const feeds = {
      input_ids: row(ids),
      ...Object.fromEntries(constantInputs.map(([name, data]) => [name, row(data)])),
    };
    return (await session.run(feeds, ['last_hidden_state'])).last_hidden_state!;
  };
}

/** sums [dims] += the vectors of hidden [tokens, dims]: over all windows of a text this is its mean times its tokens. */
function addTokenVectors(sums: Float64Array, hidden: Float32Array, tokens: number): void {
  const dims = sums.length;
  for (let token = 0, at = 0; token < tokens; token += 1) {
    for (let dim = 0; dim < dims; dim += 1, at += 1) sums[dim]! += hidden[at]!;
  }
}

/** sums [dims] += the first vector of hidden [tokens, dims], weighted by the window's tokens. */
function addFirstToken(sums: Float64Array, hidden: Float32Array, tokens: number): void {
  for (let dim = 0; dim < sums.length; dim += 1) sums[dim]! += tokens * hidden[dim]!;
}

/** vectors[row] = sums at unit length; zeros stay zeros. */
function writeUnitVector(vectors: Float32Array, row: number, sums: Float64Array): void {
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  const start = row * sums.length;
  for (let dim = 0; dim < sums.length; dim += 1) vectors[start + dim] = sums[dim]! * scale;
}
