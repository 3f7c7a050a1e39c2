import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createTextTokenizer } from './text-tokenizer.ts';

const tokenizerJson: object = JSON.parse(
  readFileSync(new URL('../model-container/models/all-MiniLM-L6-v2/tokenizer.json', import.meta.url), 'utf8'),
);
const [cls, sep] = [101, 102];

test('a text that fits is one window between the special tokens', () => {
  // Made by the Python package tokenizers: Tokenizer.from_file(...).encode("WHITE HANGING HEART T-LIGHT HOLDER").ids
  expect(createTextTokenizer(tokenizerJson, 512).windows('WHITE HANGING HEART T-LIGHT HOLDER')).toEqual([
    [cls, 2317, 5689, 2540, 1056, 1011, 2422, 9111, sep],
  ]);
  expect(createTextTokenizer(tokenizerJson, 512).windows('')).toEqual([[cls, sep]]);
});

test("the file's own truncation and padding to 128 do not apply", () => {
  const words = (count: number) => 'a '.repeat(count);
  const lengths = createTextTokenizer(tokenizerJson, 512)
    .windows(words(300))
    .map((window) => window.length);
  expect(lengths).toEqual([302]);
});

test('a longer text is cut into windows of nearly equal length that cover it without overlap', () => {
  const text = Array.from({ length: 23 }, (_, index) => `word ${index}`).join(' ');
  const [whole] = createTextTokenizer(tokenizerJson, 512).windows(text);
  // 46 tokens, 10 of them to a window: five windows of 9 or 10.
  const windows = createTextTokenizer(tokenizerJson, 12).windows(text);
  expect(windows.flatMap((window) => window.slice(1, -1))).toEqual(whole!.slice(1, -1));
  expect(windows.map((window) => window.length)).toEqual([11, 11, 11, 11, 12]);
  for (const window of windows) expect([window[0], window.at(-1)]).toEqual([cls, sep]);
});

test('a text of exactly the room is one window, one token more makes two', () => {
  const tokenizer = createTextTokenizer(tokenizerJson, 12);
  expect(tokenizer.windows('a '.repeat(10)).length).toBe(1);
  expect(tokenizer.windows('a '.repeat(11)).map((window) => window.length)).toEqual([7, 8]);
});

test('refuses a limit that leaves no room for text', () => {
  expect(() => createTextTokenizer(tokenizerJson, 2)).toThrow('maxTokens 2 leaves no room');
});
