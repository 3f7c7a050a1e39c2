import { describe, expect, it } from 'vitest';
import { InvalidVectorsError } from './invalid-vectors-error.ts';
import { poolTexts, type TextWeights } from './pooling.ts';

const texts = { rows: 3, columns: 2, data: Float32Array.of(1, 0, 0, 1, -1, 0) };

function weightsOf(...rows: [text: number, weight: number][][]): TextWeights {
  const entries = rows.flat();
  let end = 0;
  return {
    rowStarts: Int32Array.from([
      0,
      ...rows.map((row) => {
        end += row.length;
        return end;
      }),
    ]),
    texts: Int32Array.from(entries, ([text]) => text),
    weights: Float32Array.from(entries, ([, weight]) => weight),
  };
}

describe('poolTexts', () => {
  it('adds the weighted vectors of the texts a customer touched and makes the sum unit length', () => {
    const pooled = poolTexts(
      weightsOf(
        [
          [0, 3],
          [1, 4],
        ],
        [[1, 0.5]],
        [
          [0, 1],
          [0, 2],
          [1, 4],
        ],
      ),
      texts,
    );
    expect([pooled.rows, pooled.columns]).toEqual([3, 2]);
    expect([...pooled.data]).toEqual([0.6, 0.8, 0, 1, 0.6, 0.8].map(Math.fround));
  });

  it('leaves a customer without text, with weight 0 or with texts that cancel out at zero', () => {
    const pooled = poolTexts(
      weightsOf(
        [],
        [[1, 0]],
        [
          [0, 2],
          [2, 2],
        ],
        [[2, 1]],
      ),
      texts,
    );
    expect([...pooled.data]).toEqual([0, 0, 0, 0, 0, 0, -1, 0]);
  });

  it('gives a customer the same bits in any partition', () => {
    const one: [number, number][] = [
      [0, 0.1],
      [1, 0.7],
      [2, 0.03],
    ];
    const alone = poolTexts(weightsOf(one), texts);
    const among = poolTexts(weightsOf([[1, 5]], one, []), texts);
    expect(among.data.subarray(2, 4)).toEqual(alone.data);
  });

  it.each([
    ['a text beyond the matrix', weightsOf([[3, 1]]), 'entry 0 names text 3; texts are numbered from 0 to 2'],
    ['a negative text', weightsOf([[-1, 1]]), 'entry 0 names text -1'],
    [
      'a negative weight',
      weightsOf([
        [0, 1],
        [1, -2],
      ]),
      'entry 1 weighs -2',
    ],
    ['a weight that is no number', weightsOf([[0, Number.NaN]]), 'entry 0 weighs NaN'],
    [
      'row starts that stop early',
      { ...weightsOf([[0, 1]]), rowStarts: Int32Array.of(0, 0) },
      'row starts run from 0 to 0',
    ],
    ['row starts that fall', { ...weightsOf([[0, 1]]), rowStarts: Int32Array.of(0, 2, 1) }, 'row starts fall at row 2'],
  ])('refuses %s', (_, weights, message) => {
    expect(() => poolTexts(weights, texts)).toThrow(InvalidVectorsError);
    expect(() => poolTexts(weights, texts)).toThrow(message);
  });
});
