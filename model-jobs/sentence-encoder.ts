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

export interface SentenceEncoderOptions extends Pick<EmbeddingProfile, 'pooling' | 'maxTokens'> {
  /** Texts of one run. A run always has this shape, so that a text's bits do not depend on how many others came with it. */
  readonly rowsPerRun: number;
}

/**
 * Loads an encoder whose graph takes `input_ids` (and `attention_mask`, `token_type_ids` where it knows them; int64 [rows, tokens])
 * and gives `last_hidden_state` float32 [rows, tokens, dims]. Texts of one run have the same number of tokens: none is padded. A
 * dynamically quantised model must be run with one row: it gives a text other bits beside other texts. `monotonicMs` only times the
 * work.
 */
export async function loadSentenceEncoder(
  files: SentenceEncoderFiles,
  { pooling, maxTokens, rowsPerRun }: SentenceEncoderOptions,
  runner: GraphRunner,
  monotonicMs: () => number,
): Promise<SentenceEncoder> {
  const tokenizer = createTextTokenizer(files.tokenizerJson, maxTokens);
  const session = await runner.open(files.model);
  const hiddenOf = createHiddenStates(session, inputNames(files.model), maxTokens, rowsPerRun);
  const dims = (await hiddenOf(tokenizer.windows(''))).dims[2]!;
  return {
    dims,
    async encode(texts) {
      const startedMs = monotonicMs();
      const windows = texts.flatMap((text, row) => tokenizer.windows(text).map((ids) => ({ row, ids })));
      const tokenizedMs = monotonicMs();
      const sums = new Float64Array(texts.length * dims);
      for (const [tokens, alike] of windowsByLength(windows)) {
        for (let start = 0; start < alike.length; start += rowsPerRun) {
          const run = alike.slice(start, start + rowsPerRun);
          const hidden = (await hiddenOf(run.map(({ ids }) => ids))).data as Float32Array;
          for (const [at, { row }] of run.entries()) {
            const sum = sums.subarray(row * dims, (row + 1) * dims);
            const tokenVectors = hidden.subarray(at * tokens * dims, (at + 1) * tokens * dims);
            if (pooling === 'mean') addTokenVectors(sum, tokenVectors, tokens);
            else addFirstToken(sum, tokenVectors, tokens);
          }
        }
      }
      return {
        vectors: unitVectors(sums, dims),
        tokens: windows.reduce((total, { ids }) => total + ids.length, 0),
        tokenizeMs: tokenizedMs - startedMs,
        computeMs: monotonicMs() - tokenizedMs,
      };
    },
  };
}

interface TextWindow {
  readonly row: number;
  readonly ids: TokenWindow;
}

/** Shortest first: the order of a text's own windows, and so its sum, does not depend on other texts. */
function windowsByLength(windows: readonly TextWindow[]): [tokens: number, alike: TextWindow[]][] {
  return [...Map.groupBy(windows, ({ ids }) => ids.length)].sort(([a], [b]) => a - b);
}

function inputNames(model: Uint8Array): ReadonlySet<string> {
  return new Set(readOnnxModel(model).graph!.input.map(({ name }) => name));
}

/**
 * Runs up to `rowsPerRun` windows of equal length over the same input memory; rows that are left over repeat the first window.
 * @returns last_hidden_state, float32 [rowsPerRun, tokens, dims]
 */
function createHiddenStates(session: GraphSession, inputs: ReadonlySet<string>, maxTokens: number, rowsPerRun: number) {
  const ids = new BigInt64Array(rowsPerRun * maxTokens);
  // Token ids fit in the low 32 bits of each little-endian int64; the high halves stay 0.
  const lowWords = new Int32Array(ids.buffer);
  const ones = new BigInt64Array(ids.length).fill(1n);
  const zeros = new BigInt64Array(ids.length);
  const constantInputs = Object.entries({ attention_mask: ones, token_type_ids: zeros }).filter(([name]) =>
    inputs.has(name),
  );
  return async (windows: readonly TokenWindow[]): Promise<Tensor> => {
    const tokens = windows[0]!.length;
    for (let row = 0; row < rowsPerRun; row += 1) {
      const window = windows[row] ?? windows[0]!;
      for (let token = 0; token < tokens; token += 1) lowWords[2 * (row * tokens + token)] = window[token]!;
    }
    const rows = (data: BigInt64Array): Tensor<'int64'> => ({
      type: 'int64',
      dims: [rowsPerRun, tokens],
      data: data.subarray(0, rowsPerRun * tokens),
    });
    const feeds = {
      input_ids: rows(ids),
      ...Object.fromEntries(constantInputs.map(([name, data]) => [name, rows(data)])),
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

/** sums [n, dims] -> rows of unit length; a row of zeros stays as it is. */
function unitVectors(sums: Float64Array, dims: number): Float32Array {
  const vectors = new Float32Array(sums.length);
  for (let start = 0; start < sums.length; start += dims) {
    let squares = 0;
    for (let at = start; at < start + dims; at += 1) squares += sums[at]! ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let at = start; at < start + dims; at += 1) vectors[at] = sums[at]! * scale;
  }
  return vectors;
}
