import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type AttributeStatistics,
  addAttributes,
  decodeAttributes,
  encodeAttributes,
  initAttributes,
  mergeAttributes,
} from './attribute-statistics.ts';
import { encodeProfiles, fitProfileEncoding } from './profile-encoding.ts';

type Attributes = Readonly<Record<string, string | number>>;

function statisticsOf(profiles: readonly Attributes[]): AttributeStatistics {
  const statistics = initAttributes();
  for (const attributes of profiles) addAttributes(statistics, attributes);
  return statistics;
}

const profiles: Attributes[] = Array.from({ length: 200 }, (_, index) => ({
  income: 1000 + index,
  married: index % 4 === 0 ? 'no' : 'yes',
  card: index === 0 ? 'Platinum' : (['Bronze', 'Bronze', 'Silver', 'Golden'][index % 4] ?? ''),
  planet: 'Earth',
  note: `note ${index}`,
  floor: 3,
  ...(index < 4 ? { shoe: 40 + index } : {}),
}));

test('attributes become columns, and those that say nothing are dropped with the reason', () => {
  expect(fitProfileEncoding(statisticsOf(profiles))).toEqual({
    columns: [
      { attribute: 'card', category: 'Bronze' },
      { attribute: 'card', category: 'Golden' },
      { attribute: 'card', category: 'Silver' },
      { attribute: 'income' },
      { attribute: 'married', category: 'yes' },
    ],
    dropped: [
      { attribute: 'floor', reason: 'one value only' },
      { attribute: 'note', reason: 'too many values' },
      { attribute: 'planet', reason: 'one value only' },
      { attribute: 'shoe', reason: 'rarely given' },
    ],
  });
});

test('missing values and values of the wrong kind are NaN, rare categories zero', () => {
  const encoding = fitProfileEncoding(statisticsOf(profiles));
  const { NaN: none } = Number;
  expect(
    encodeProfiles(encoding, [
      { attributes: { card: 'Golden', income: 7, married: 'no' } },
      { attributes: { card: 'Platinum', income: 'much' } },
      undefined,
    ]),
  ).toEqual(Float32Array.of(0, 1, 0, 7, 0, 0, 0, 0, none, none, none, none, none, none, none));
});

test('sums are exact and the range is kept', () => {
  const { attributes } = statisticsOf(new Array(10).fill({ a: 0.1 }));
  const summary = attributes.get('a')!;
  expect([summary.sum.value, summary.min, summary.max, summary.numbers]).toEqual([1, 0.1, 0.1, 10]);
});

test('any split of the same records gives the same encoding', () => {
  const value = fc.oneof(
    fc.constantFrom('a', 'b', 'c'),
    fc.nat(9).map(String),
    fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
  );
  const record = fc.dictionary(fc.constantFrom('x', 'y', 'z'), value);
  fc.assert(
    fc.property(fc.array(record, { maxLength: 60 }), fc.array(record, { maxLength: 60 }), (left, right) => {
      const whole = statisticsOf([...left, ...right]);
      const merged = decodeAttributes(JSON.parse(JSON.stringify(encodeAttributes(statisticsOf(right)))));
      mergeAttributes(merged, statisticsOf(left));
      expect(fitProfileEncoding(merged)).toEqual(fitProfileEncoding(whole));
      for (const [name, summary] of whole.attributes) {
        const other = merged.attributes.get(name)!;
        expect([other.sum.value, other.sumOfSquares.value, other.min, other.max, other.numbers]).toEqual([
          summary.sum.value,
          summary.sumOfSquares.value,
          summary.min,
          summary.max,
          summary.numbers,
        ]);
      }
    }),
    { numRuns: 60 },
  );
});
