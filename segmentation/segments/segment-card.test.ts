import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { behaviourMatrix } from '../features/behaviour-matrix.ts';
import type { CustomerRecord, InteractionTable, ItemRecord } from '../records/tables.ts';
import { classTfIdf } from './distinctive-words.ts';
import { type SegmentCard, segmentCards } from './segment-card.ts';
import {
  addPartition,
  decodeSegmentStatistics,
  encodeSegmentStatistics,
  initSegmentStatistics,
  mergeSegmentStatistics,
  type SegmentStatistics,
} from './segment-statistics.ts';

const purchase = 5;
const refund = 6;
const asOfMs = Date.UTC(2025, 0, 1);

const items = new Map(
  (
    [
      ['mug', 'Red Enamel Mug', 'Kitchen'],
      ['pan', 'Iron Frying Pan', 'Kitchen'],
      ['star', 'Christmas Star', 'Decoration'],
      ['bell', 'Christmas Bell', 'Decoration'],
    ] as const
  ).map(([item, title, category]): [string, ItemRecord] => [
    item,
    { item, title, categoryPath: ['Home', category], textId: item },
  ]),
);
const itemIds = [...items.keys()];

interface Shopper {
  readonly name: string;
  readonly label: number;
  readonly lines: readonly (readonly [day: string, item: string, amount: number, type?: number])[];
  readonly attributes?: CustomerRecord['attributes'];
}

function statisticsOf(shoppers: readonly Shopper[], k: number): SegmentStatistics {
  const rows = shoppers.flatMap(({ lines }, customer) =>
    lines.map(([day, item, amount, type = purchase]) => ({ customer, item, amount, type, atMs: Date.parse(day) })),
  );
  const table: InteractionTable = {
    rows: rows.length,
    customers: shoppers.map(({ name }) => name),
    customerIndex: Int32Array.from(rows, ({ customer }) => customer),
    typeCode: Uint8Array.from(rows, ({ type }) => type),
    atMs: Float64Array.from(rows, ({ atMs }) => atMs),
    items: itemIds,
    itemIndex: Int32Array.from(rows, ({ item }) => itemIds.indexOf(item)),
    quantity: new Float64Array(rows.length).fill(1),
    amount: Float64Array.from(rows, ({ amount }) => amount),
    rating: new Float64Array(rows.length).fill(Number.NaN),
    textIds: [],
    textIndex: new Int32Array(rows.length).fill(-1),
    orders: [],
    orderIndex: new Int32Array(rows.length).fill(-1),
  };
  const statistics = initSegmentStatistics(k);
  addPartition(statistics, {
    labels: Int32Array.from(shoppers, ({ label }) => label),
    behaviour: behaviourMatrix(table, asOfMs),
    stages: shoppers.map(() => 'active'),
    table,
    items,
    texts: new Map(),
    profiles: new Map(
      shoppers.flatMap(({ name, attributes }) =>
        attributes === undefined ? [] : [[name, { customer: name, attributes }]],
      ),
    ),
  });
  return statistics;
}

function cardsOf(statistics: SegmentStatistics): SegmentCard[] {
  return segmentCards({
    statistics,
    matches: Array.from({ length: statistics.k }, (_, segment) => ({ segmentId: `seg-${segment + 1}` })),
    previousNames: new Map(),
    typicalCustomers: Array.from({ length: statistics.k }, () => []),
    items,
    language: 'en',
  });
}

// Twenty cooks who come every month, ten who bought for one Christmas, and two of no segment.
const shoppers: Shopper[] = Array.from({ length: 32 }, (_, index) => {
  const name = `customer-${index}`;
  if (index < 20) {
    const lines = ['07', '08', '09', '10'].map(
      (month) => [`2024-${month}-15`, index % 2 === 0 ? 'mug' : 'pan', 30] as const,
    );
    return { name, label: 0, lines, attributes: { gender: index < 18 ? 1 : 0, card: 'Golden' } };
  }
  if (index < 30) {
    const lines = [['2023-12-05', 'star', 10] as const, ['2023-12-05', 'bell', 10] as const];
    return { name, label: 1, lines, attributes: { gender: 0, card: 'Bronze' } };
  }
  return {
    name,
    label: -1,
    lines: [
      ['2024-07-01', 'mug', 50],
      ['2024-07-02', 'mug', 20, refund],
    ],
  };
});

describe('class-based TF-IDF', () => {
  test('gives the numbers of NumPy', () => {
    const frequencies = Float64Array.of(10, 0, 3, 7, 1, 2, 8, 3, 7, 0, 0, 1, 9, 7, 0);
    const expected = [
      [0.457036116102, 0, 0.118295214066, 0.217551939735, 0.143441027405],
      [0.095977584381, 0.458725756194, 0.124209974769, 0.228429536722, 0],
      [0, 0.067459670029, 0.438388146243, 0.268740631437, 0],
    ].flat();
    classTfIdf(frequencies, 3).forEach((weight, index) => {
      expect(weight).toBeCloseTo(expected[index]!, 11);
    });
  });
});

describe('segment cards', () => {
  const cards = cardsOf(statisticsOf(shoppers, 2));
  const [cooks, decorators] = cards as [SegmentCard, SegmentCard];

  test('count customers and money of all, those of no segment too', () => {
    // 20 * 4 * 30 + 10 * 20 + 2 * (50 - 20) = 2660
    expect([cooks.customers, cooks.share, cooks.revenue]).toEqual([20, 20 / 32, 2400]);
    expect([decorators.customers, decorators.share, decorators.revenue]).toEqual([10, 10 / 32, 200]);
    expect(cooks.revenueShare).toBeCloseTo(2400 / 2660, 12);
    expect(cooks.lifecycle).toEqual({ prospect: 0, new: 0, active: 20, 'at risk': 0, dormant: 0, churned: 0 });
  });

  test('show every month of all customers', () => {
    expect(decorators.months).toEqual([
      { month: '2023-12', revenue: 200, lines: 20 },
      ...['07', '08', '09', '10'].map((month) => ({ month: `2024-${month}`, revenue: 0, lines: 0 })),
    ]);
    expect(cooks.months[1]).toEqual({ month: '2024-07', revenue: 600, lines: 20 });
  });

  test('tell what is chosen, with share and lift', () => {
    // All of the decorators' attention against 10 of 32 customers' in all.
    expect(decorators.categories).toEqual([{ word: 'Decoration', share: 1, lift: 3.2 }]);
    expect(decorators.words.map(({ word }) => word)).toContain('christmas');
    expect(
      decorators.items.map(({ title, customers, customerShare, lift }) => [title, customers, customerShare, lift]),
    ).toEqual([
      ['Christmas Bell', 10, 1, 3.2],
      ['Christmas Star', 10, 1, 3.2],
    ]);
  });

  test('tell how behaviour and profile differ, typical values against all', () => {
    const orders = cooks.traits.find(({ feature }) => feature === 'orders')!;
    expect([orders.segmentMean, orders.baseMean]).toEqual([4, (20 * 4 + 10 + 2) / 32]);
    expect(orders.segmentTypical).toBeCloseTo(4, 6);
    // exp((20 ln 5 + 12 ln 2) / 32) - 1
    expect(orders.baseTypical).toBeCloseTo(Math.exp((20 * Math.log(5) + 12 * Math.log(2)) / 32) - 1, 6);
    // z = (ln 5 - mean) / deviation of a two-valued variable, p = 20 / 32, damped by 20 / 30.
    expect(orders.effectSize).toBeCloseTo((Math.sqrt((1 - 0.625) / 0.625) * 20) / 30, 6);
    expect(orders.phrase).toBe('order 1.6× as often (4 orders, all customers 2.5)');
    const gender = cooks.traits.find(({ feature }) => feature === 'gender')!;
    expect([gender.segmentMean, gender.baseMean, gender.label]).toEqual([0.9, 0.6, 'male']);
    expect(gender.phrase).toBe('are 90 % male (all customers 60 %)');
  });

  test('have names and summaries that a person can act on', () => {
    expect(cards.map(({ name }) => name)).toEqual([
      'Frequent high-value buyers of Kitchen',
      'Lapsed one-time buyers of Decoration',
    ]);
    // Typical of all: exp((20 ln 79 + 10 ln 394 + 2 ln 185) / 32) - 1 days, exp((20 ln 121 + 10 ln 21 + 2 ln 31) / 32) - 1 money.
    expect(decorators.summary).toBe(
      '31 % of customers, 7.5 % of revenue. They place few orders (1, all customers 2.5); last bought 393 days ago ' +
        '(all customers 137); spend little (20, all customers 63); choose "Decoration" 3.2× as much (100 % of what they choose); ' +
        'spend 100 % of their money in December.',
    );
  });
});

describe('cards of customers whom no file knows', () => {
  const strangers = (label: number, count: number): Shopper[] =>
    Array.from({ length: count }, (_, index) => ({ name: `stranger-${label}-${index}`, label, lines: [] }));

  test('tell how many they are, and claim nothing', () => {
    const cards = cardsOf(statisticsOf([...strangers(0, 3), ...strangers(1, 1)], 2));
    expect(cards.map(({ name, customers, share }) => [name, customers, share])).toEqual([
      ['Customers of seg-1', 3, 0.75],
      ['Customers of seg-2', 1, 0.25],
    ]);
    expect(cards[0]).toMatchObject({
      summary: '75 % of customers. The files say nothing else of them.',
      ...{ revenue: 0, revenueShare: 0, traits: [], categories: [], words: [], items: [], months: [] },
    });
  });

  test('leave what is known of the others as it is', () => {
    const alone = cardsOf(statisticsOf(shoppers, 3)).slice(0, 2);
    const cards = cardsOf(statisticsOf([...shoppers, ...strangers(2, 8)], 3));
    expect(cards[2]!.name).toBe('Customers of seg-3');
    expect(cards.slice(0, 2).map(({ name, traits }) => [name, traits])).toEqual(
      alone.map(({ name, traits }) => [name, traits]),
    );
  });
});

describe('segment statistics', () => {
  test('any split of the customers, through JSON, gives the same cards to the bit', () => {
    const whole = JSON.stringify(cardsOf(statisticsOf(shoppers, 2)));
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: shoppers.length, maxLength: shoppers.length }), (parts) => {
        const statistics = initSegmentStatistics(2);
        for (const part of [2, 0, 1]) {
          const own = statisticsOf(
            shoppers.filter((_, index) => parts[index] === part),
            2,
          );
          mergeSegmentStatistics(
            statistics,
            decodeSegmentStatistics(JSON.parse(JSON.stringify(encodeSegmentStatistics(own)))),
          );
        }
        expect(JSON.stringify(cardsOf(statistics))).toBe(whole);
      }),
      { numRuns: 25 },
    );
  });
});
