import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GraphBuilder } from '../numerics/onnx/graph-builder.ts';
import { createInProcessRunner } from '../runtime/in-process.ts';
import { loadSentenceEncoder } from './sentence-encoder.ts';
import { createTextTokenizer } from './text-tokenizer.ts';

const tokenizerJson: object = JSON.parse(
  readFileSync(new URL('../model-container/models/all-MiniLM-L6-v2/tokenizer.json', import.meta.url), 'utf8'),
);

/** An encoder whose token vector is [id, 1, position]: what is pooled can be counted by hand. */
function countingModel(): Uint8Array {
  const graph = new GraphBuilder('counting');
  const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask = graph.input('attention_mask', 'int64', ['batch', 'tokens']);
  const column = (value: string) => graph.node('Unsqueeze', [graph.node('Cast', [value], { to: 1 }), graph.ints([2])]);
  const positions = graph.node('CumSum', [mask, graph.scalar('int64', 1)], { exclusive: 1 });
  const hidden = graph.node('Concat', [column(ids), column(mask), column(positions)], { axis: 2 });
  graph.output('last_hidden_state', hidden, 'float32', ['batch', 'tokens', 3]);
  return graph.toModel();
}

function encoder(pooling: 'mean' | 'cls', maxTokens: number, rowsPerRun = 1) {
  const runner = createInProcessRunner({ intraOpThreads: 1 });
  return loadSentenceEncoder(
    { model: countingModel(), tokenizerJson },
    { pooling, maxTokens, rowsPerRun },
    runner,
    () => 0,
  );
}

const unit = (vector: readonly number[]) => vector.map((value) => value / Math.hypot(...vector));

function expectVector(actual: Float32Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [at, value] of expected.entries()) expect(actual[at]).toBeCloseTo(value, 6);
}

test('mean pooling averages all token vectors, special tokens among them, to unit length', async () => {
  const encoded = await (await encoder('mean', 512)).encode(['refund', '']);
  // [CLS] 101, refund 25416, ##und 8630, [SEP] 102 (from the golden vectors' file).
  const ids = [101, 25416, 8630, 102];
  const sum = ids.reduce((total, id) => total + id);
  expectVector(encoded.vectors.subarray(0, 3), unit([sum / 4, 1, 1.5]));
  expectVector(encoded.vectors.subarray(3), unit([(101 + 102) / 2, 1, 0.5]));
  expect(encoded.tokens).toBe(6);
});

test('cls pooling takes the first token alone', async () => {
  expectVector((await (await encoder('cls', 512)).encode(['refund'])).vectors, unit([101, 1, 0]));
});

test('a long text is the average of its windows by token count', async () => {
  const text = 'a '.repeat(11);
  const lengths = createTextTokenizer(tokenizerJson, 12)
    .windows(text)
    .map((window) => window.length);
  expect(lengths).toEqual([7, 8]);
  const encoded = await (await encoder('mean', 12)).encode([text]);
  const idSum = 11 * 1037 + 2 * (101 + 102);
  // Positions 0..6 and 0..7.
  expectVector(encoded.vectors, unit([idSum / 15, 1, (21 + 28) / 15]));
  expect(encoded.tokens).toBe(15);
});

test('texts of equal length share runs of a fixed shape; left-over rows and other lengths change nothing', async () => {
  const texts = ['refund', 'a', 'toys', 'b', 'a '.repeat(11), 'c', 'd', 'e', ''];
  const alone = await (await encoder('mean', 12, 1)).encode(texts);
  const together = await (await encoder('mean', 12, 4)).encode(texts);
  expect(together.vectors).toEqual(alone.vectors);
  expect(together.tokens).toBe(alone.tokens);
});
