import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PairwiseFold } from './pairwise-fold.ts';

function folded<T>(values: readonly T[], merge: (left: T, right: T) => T): T | undefined {
  const fold = new PairwiseFold(merge);
  for (const value of values) fold.push(value);
  return fold.result();
}

const bracket = (left: string, right: string) => `(${left}${right})`;

describe('PairwiseFold', () => {
  it.each([
    ['', undefined],
    ['a', 'a'],
    ['abc', '((ab)c)'],
    ['abcde', '(((ab)(cd))e)'],
    ['abcdefg', '(((ab)(cd))((ef)g))'],
  ])('folds %j as %j', (values, expected) => {
    expect(folded([...values], bracket)).toBe(expected);
  });

  it('has the same shape when runs of a power of two are folded apart first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 4 }), (count, height) => {
        const values = Array.from({ length: count }, (_, index) => `${index} `);
        const runs: string[] = [];
        for (let start = 0; start < count; start += 2 ** height) {
          runs.push(folded(values.slice(start, start + 2 ** height), bracket)!);
        }
        expect(folded(runs, bracket)).toBe(folded(values, bracket));
      }),
    );
  });
});
