import { expect, test } from 'vitest';
import { languageOf, scriptCounts, termLabel, termsOf } from './terms.ts';

test('English titles give words and pairs; numbers, stop words and punctuation part them', () => {
  expect([...termsOf('SET OF 3 CAKE TINS, PANTRY DESIGN')]).toEqual([
    'cake',
    'tins',
    'cake tins',
    'pantry',
    'pantry design',
  ]);
  expect([...termsOf('WHITE HANGING HEART T-LIGHT HOLDER')]).toEqual([
    'hanging',
    'white hanging',
    'heart',
    'hanging heart',
    't-light',
    'heart t-light',
    'holder',
    't-light holder',
  ]);
});

test('colours and sizes are no terms alone, nor with one another', () => {
  expect([...termsOf('large red mug')]).toEqual(['mug', 'red mug']);
});

test('Chinese is cut into words, and pairs are written without a space', () => {
  const terms = termsOf('这款面霜的保湿效果非常好，物流快递也不错');
  expect(terms).toContain('面霜');
  expect(terms).toContain('保湿');
  expect(terms).toContain('物流 快递');
  expect(terms).not.toContain('非常');
  expect(termLabel('物流 快递')).toBe('物流快递');
  expect(termLabel('cake tins')).toBe('cake tins');
});

test('the language is that of most of what is said', () => {
  expect(scriptCounts('iPhone 手机壳 café')).toEqual({ latin: 10, han: 3 });
  expect(languageOf(scriptCounts('iPhone 手机壳 café'))).toBe('zh');
  expect(languageOf(scriptCounts('A gift shop whose owner signs 王'))).toBe('en');
  expect(languageOf({ latin: 0, han: 0 })).toBe('en');
});
