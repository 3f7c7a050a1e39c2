import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type InteractionTable, interactionTypes } from '../records/tables.ts';
import {
  addInteraction,
  type BehaviourAccumulator,
  decodeBehaviour,
  encodeBehaviour,
  type Interaction,
  initBehaviour,
  mergeBehaviour,
  readBehaviour,
} from './behaviour-accumulator.ts';
import { behaviourFeatureNames, behaviourFeatures, writeRawFeatures } from './behaviour-features.ts';
import { behaviourMatrix } from './behaviour-matrix.ts';
import { UnsortedInteractionsError } from './customer-runs.ts';

const unknown = { quantity: Number.NaN, amount: Number.NaN, rating: Number.NaN };

function accumulate(interactions: readonly Interaction[]): BehaviourAccumulator {
  const accumulator = initBehaviour();
  for (const interaction of interactions) addInteraction(accumulator, interaction);
  return accumulator;
}

function rawFeatures(accumulator: BehaviourAccumulator, asOfMs: number): Float32Array {
  const raw = new Float32Array(behaviourFeatureNames.length);
  writeRawFeatures(readBehaviour(accumulator, asOfMs), raw, 0);
  return raw;
}

const interaction: fc.Arbitrary<Interaction> = fc
  .record({
    type: fc.constantFrom(...interactionTypes),
    // Minutes of 60 days, some of them midnights.
    atMs: fc
      .oneof(
        fc.nat(86_400),
        fc.nat(60).map((day) => day * 1440),
      )
      .map((minute) => minute * 60_000),
    item: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    order: fc.option(fc.constantFrom('1', '2', '3', '4'), { nil: undefined }),
    quantity: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 1, max: 50 })),
    amount: fc.oneof(
      fc.constant(Number.NaN),
      fc.nat(100_000).map((pennies) => pennies / 100),
    ),
    rating: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 1, max: 5 })),
  })
  .map(({ item, order, ...rest }) => ({
    ...rest,
    ...(item === undefined ? {} : { item }),
    ...(order === undefined ? {} : { order }),
  }));
const interactions = fc.array(interaction, { minLength: 1, maxLength: 25 });
const asOfMs = 61 * 86_400_000;

/** The table that ingest and the splitting by customers would make. */
function tableOf(customers: readonly (readonly Interaction[])[]): InteractionTable {
  const rows = customers.flatMap((own, customer) =>
    own.toSorted((a, b) => a.atMs - b.atMs).map((one) => ({ ...one, customer })),
  );
  const items = [...new Set(rows.flatMap(({ item }) => item ?? []))];
  const orders = [...new Set(rows.flatMap(({ order }) => order ?? []))];
  return {
    rows: rows.length,
    customers: customers.map((_, customer) => `customer ${customer}`),
    customerIndex: Int32Array.from(rows, ({ customer }) => customer),
    typeCode: Uint8Array.from(rows, ({ type }) => interactionTypes.indexOf(type)),
    atMs: Float64Array.from(rows, ({ atMs }) => atMs),
    items,
    itemIndex: Int32Array.from(rows, ({ item }) => (item === undefined ? -1 : items.indexOf(item))),
    quantity: Float64Array.from(rows, ({ quantity }) => quantity),
    amount: Float64Array.from(rows, ({ amount }) => amount),
    rating: Float64Array.from(rows, ({ rating }) => rating),
    textIds: [],
    textIndex: new Int32Array(rows.length).fill(-1),
    orders,
    orderIndex: Int32Array.from(rows, ({ order }) => orders.indexOf(order ?? '')),
  };
}

describe('behaviour accumulator', () => {
  test('reads a hand-made customer', () => {
    const at = (text: string) => Date.parse(`${text}Z`);
    const reading = readBehaviour(
      accumulate([
        { ...unknown, type: 'view', atMs: at('2024-11-01T10:00'), item: 'mug' },
        // Saturday morning, two lines of one order.
        {
          ...unknown,
          type: 'purchase',
          atMs: at('2024-11-02T10:00'),
          item: 'mug',
          quantity: 2,
          amount: 19.98,
          order: '1',
        },
        {
          ...unknown,
          type: 'purchase',
          atMs: at('2024-11-02T10:00'),
          item: 'tea',
          quantity: 1,
          amount: 0.1,
          order: '1',
        },
        // No order id: one order for each of these two minutes.
        { ...unknown, type: 'purchase', atMs: at('2025-01-08T23:10'), item: 'mug', quantity: 3, amount: 0.2 },
        { ...unknown, type: 'purchase', atMs: at('2025-01-08T23:11'), item: 'cup', amount: 5 },
        { ...unknown, type: 'refund', atMs: at('2025-01-10T09:00'), item: 'mug', quantity: 1, amount: 9.99 },
        { ...unknown, type: 'review', atMs: at('2025-01-11T09:00'), item: 'mug', rating: 4 },
        { ...unknown, type: 'review', atMs: at('2025-01-11T09:05'), item: 'cup', rating: 5 },
      ]),
      at('2025-01-18T23:11'),
    );
    expect(reading.facts).toEqual({
      firstEventAtMs: at('2024-11-01T10:00'),
      lastEventAtMs: at('2025-01-11T09:05'),
      firstPurchaseAtMs: at('2024-11-02T10:00'),
      lastPurchaseAtMs: at('2025-01-08T23:11'),
      orders: 3,
      lines: 4,
      units: 7,
      revenue: 25.28,
      refundLines: 1,
      refundAmount: 9.99,
      distinctItems: 3,
      reviews: 2,
      meanRating: 4.5,
      activeDays: 5,
      purchaseDays: 2,
    });
    const value = (name: string) => behaviourFeatures.find((feature) => feature.name === name)!.of(reading);
    expect(value('recencyDays')).toBe(10);
    expect(value('revenue')).toBeCloseTo(15.29, 10);
    expect(value('meanOrderValue')).toBeCloseTo(25.28 / 3, 10);
    expect(value('meanBasketLines')).toBeCloseTo(4 / 3, 12);
    expect(value('itemVariety')).toBe(0.75);
    expect(value('interPurchaseDays')).toBe(67);
    expect(value('refundShare')).toBe(0.2);
    expect(value('weekendShare')).toBeCloseTo(1 / 3, 12);
    expect(value('morningShare')).toBeCloseTo(1 / 3, 12);
    expect(value('eveningShare')).toBeCloseTo(2 / 3, 12);
    expect(value('yearEndShare')).toBeCloseTo(1 / 3, 12);
    expect(value('summerShare')).toBe(0);
    expect(value('browsing')).toBe(1);
  });

  test('the trend is the decayed order rate over the lifetime rate', () => {
    // NumPy: orders on days 0, 30 and 89, read on day 89, half-life 90 days.
    const trend = behaviourFeatures.find(({ name }) => name === 'trend')!;
    const orders = [0, 30, 89].map((day) => ({ ...unknown, type: 'purchase', atMs: day * 86_400_000 }) as const);
    expect(trend.of(readBehaviour(accumulate(orders), 89 * 86_400_000))).toBeCloseTo(0.9844917453738907, 12);
  });

  test('what the data do not tell is missing, not zero', () => {
    const raw = rawFeatures(accumulate([{ ...unknown, type: 'purchase', atMs: 0, item: 'a' }]), asOfMs);
    const missing = behaviourFeatureNames.filter((_, index) => Number.isNaN(raw[index]));
    expect(missing).toEqual([
      'revenue',
      'meanOrderValue',
      'meanUnitPrice',
      'interPurchaseDays',
      'trend',
      'weekendShare',
      'nightShare',
      'morningShare',
      'afternoonShare',
      'eveningShare',
      'yearEndShare',
      'summerShare',
      'meanRating',
    ]);
  });

  test('hours are missing where all purchases are dates without a time', () => {
    const dates = [1, 2, 3, 4].map((day) => ({ ...unknown, type: 'purchase', atMs: day * 86_400_000 }) as const);
    const raw = rawFeatures(accumulate(dates), asOfMs);
    expect(raw[behaviourFeatureNames.indexOf('nightShare')]).toBeNaN();
    // 2 to 5 January 1970: Friday to Monday.
    expect(raw[behaviourFeatureNames.indexOf('weekendShare')]).toBe(0.5);
  });

  test('any order and any split of the same interactions reads and encodes the same', () => {
    const shuffled = interactions.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        fc.array(fc.nat(2), { minLength: all.length, maxLength: all.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([all, other, parts]) => {
        const whole = accumulate(all);
        const [a, b, c] = [0, 1, 2].map((part) => accumulate(other.filter((_, index) => parts[index] === part)));
        const merged = mergeBehaviour(c!, mergeBehaviour(decodeBehaviour(encodeBehaviour(a!)), b!));
        expect(JSON.stringify(encodeBehaviour(merged))).toBe(JSON.stringify(encodeBehaviour(whole)));
        expect(rawFeatures(merged, asOfMs)).toEqual(rawFeatures(whole, asOfMs));
        expect(readBehaviour(merged, asOfMs)).toEqual(readBehaviour(whole, asOfMs));
      }),
      { numRuns: 150 },
    );
  });
});

describe('behaviour matrix', () => {
  test('gives the numbers of an accumulator per customer, to the bit', () => {
    fc.assert(
      fc.property(fc.array(interactions, { minLength: 1, maxLength: 4 }), (customers) => {
        const matrix = behaviourMatrix(tableOf(customers), asOfMs);
        const accumulators = customers.map(accumulate);
        expect(matrix.raw).toEqual(
          Float32Array.from(accumulators.flatMap((accumulator) => [...rawFeatures(accumulator, asOfMs)])),
        );
        expect(matrix.facts).toEqual(accumulators.map((accumulator) => readBehaviour(accumulator, asOfMs).facts));
      }),
      { numRuns: 150 },
    );
  });

  test('names customers without interactions, of whom it knows nothing', () => {
    const purchase = { ...unknown, type: 'purchase', atMs: 0, quantity: 1, amount: 10, item: 'a' } as const;
    const { customers, names, raw, features, facts } = behaviourMatrix(tableOf([[], [purchase], [], []]), 0);
    const alone = behaviourMatrix(tableOf([[purchase]]), 0);
    expect(customers).toEqual(['customer 0', 'customer 1', 'customer 2', 'customer 3']);
    const rowsOf = (matrix: Float32Array) =>
      customers.map((_, row) => [...matrix.subarray(row * names.length, (row + 1) * names.length)]);
    const nothing = names.map(() => Number.NaN);
    expect(rowsOf(raw)).toEqual([nothing, [...alone.raw], nothing, nothing]);
    expect(rowsOf(features)).toEqual([nothing, [...alone.features], nothing, nothing]);
    expect(facts[1]).toEqual(alone.facts[0]);
    expect(facts[3]).toMatchObject({ firstEventAtMs: Number.NaN, lastPurchaseAtMs: Number.NaN, orders: 0, revenue: 0 });
  });

  test('transforms by ln(1 + x) with the sign kept', () => {
    const purchase = { ...unknown, type: 'purchase', atMs: 0, quantity: 1, amount: 10, item: 'a' } as const;
    const refund = { ...purchase, type: 'refund', amount: 30 } as const;
    const { features, names } = behaviourMatrix(tableOf([[purchase, refund]]), 0);
    expect(features[names.indexOf('revenue')]).toBeCloseTo(-Math.log(21), 6);
    expect(features[names.indexOf('refundShare')]).toBeCloseTo(Math.sqrt(0.5), 6);
  });

  test('refuses rows that are not sorted, with the row', () => {
    const purchase = { ...unknown, type: 'purchase', atMs: 5 } as const;
    const table = tableOf([[purchase, purchase], [purchase]]);
    expect(() => behaviourMatrix({ ...table, customerIndex: Int32Array.of(0, 1, 0) }, 0)).toThrow(
      UnsortedInteractionsError,
    );
    expect(() => behaviourMatrix({ ...table, atMs: Float64Array.of(5, 4, 5) }, 0)).toThrow(/row 1 is earlier/);
  });
});
