import { expect, test } from 'vitest';
import { type InteractionTable, type InteractionType, interactionTypes } from '../records/tables.ts';
import { textWeights } from './text-weights.ts';

const dayMs = 86_400_000;
const none = Number.NaN;

type Row = [
  customer: number,
  type: InteractionType,
  day: number,
  item: number,
  quantity: number,
  rating: number,
  text: number,
];

/** As ingest cuts it: customers are named in the order of their rows. */
function tableOf(rows: readonly Row[]): InteractionTable {
  const order = [...new Set(rows.map(([customer]) => customer))];
  return {
    rows: rows.length,
    customers: order.map((customer) => ['ann', 'bob', 'cid'][customer]!),
    customerIndex: Int32Array.from(rows, ([customer]) => order.indexOf(customer)),
    typeCode: Uint8Array.from(rows, ([, type]) => interactionTypes.indexOf(type)),
    atMs: Float64Array.from(rows, ([, , day]) => day * dayMs),
    items: ['mug', 'tea', 'untitled'],
    itemIndex: Int32Array.from(rows, ([, , , item]) => item),
    quantity: Float64Array.from(rows, ([, , , , quantity]) => quantity),
    amount: new Float64Array(rows.length).fill(none),
    rating: Float64Array.from(rows, ([, , , , , rating]) => rating),
    textIds: ['review-1'],
    textIndex: Int32Array.from(rows, (row) => row[6]),
    orders: [],
    orderIndex: new Int32Array(rows.length).fill(-1),
  };
}

const textOfItem = new Map([
  ['mug', 'text-mug'],
  ['tea', 'text-tea'],
]);

test('weighs by type, quantity, age and rating, customer by customer', () => {
  const weights = textWeights(
    tableOf([
      [2, 'purchase', 0, 1, 3, none, -1],
      [2, 'purchase', 90, 0, 1, none, -1],
      [2, 'review', 180, 0, none, 5, 0],
      [0, 'view', 180, 2, none, none, -1],
      [1, 'cart', 180, 1, none, none, -1],
    ]),
    textOfItem,
    { asOfMs: 180 * dayMs, halfLifeDays: 180 },
  );
  expect(weights.customers).toEqual(['cid', 'ann', 'bob']);
  expect(weights.textIds).toEqual(['review-1', 'text-mug', 'text-tea']);
  expect([...weights.rowStart]).toEqual([0, 3, 3, 4]);
  expect([...weights.textIndex]).toEqual([0, 1, 2, 2]);
  const expected = [
    2 * (5 / 3), // own review, five stars
    Math.SQRT1_2 + 0.5 * (5 / 3), // bought half a half-life ago, then reviewed
    2 * 0.5, // log2(1 + 3) a half-life ago
    0.5,
  ];
  expected.forEach((weight, index) => {
    expect(weights.weights[index]).toBeCloseTo(weight, 6);
  });
});

test('what was given back counts no more, and never less than nothing', () => {
  const weights = textWeights(
    tableOf([
      [0, 'purchase', 10, 0, 1, none, -1],
      [0, 'purchase', 10, 1, 7, none, -1],
      [0, 'refund', 10, 0, 1, none, -1],
      [0, 'refund', 10, 1, 3, none, -1],
      [1, 'refund', 10, 0, 9, none, -1],
    ]),
    textOfItem,
    { asOfMs: 10 * dayMs, halfLifeDays: 180 },
  );
  expect([...weights.rowStart]).toEqual([0, 1, 1]);
  expect([...weights.textIndex].map((text) => weights.textIds[text])).toEqual(['text-tea']);
  expect([...weights.weights]).toEqual([1]);
});
