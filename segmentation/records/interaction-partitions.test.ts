import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partitionOf } from '../privacy/pseudonyms.ts';
import { interactionsOf, mergeInteractions, splitInteractions } from './interaction-partitions.ts';
import type { InteractionTable } from './tables.ts';

interface Row {
  readonly customer: string;
  readonly atMs: number;
  readonly item: string | undefined;
  readonly order: string | undefined;
  readonly amount: number;
}

function tableOf(rows: readonly Row[]): InteractionTable {
  const distinct = (names: (string | undefined)[]) => [...new Set(names.filter((name) => name !== undefined))];
  const customers = distinct(rows.map(({ customer }) => customer));
  const items = distinct(rows.map(({ item }) => item));
  const orders = distinct(rows.map(({ order }) => order));
  const index = (names: string[], of: (row: Row) => string | undefined) =>
    Int32Array.from(rows, (row) => names.indexOf(of(row) ?? ''));
  return {
    rows: rows.length,
    customers,
    customerIndex: index(customers, ({ customer }) => customer),
    typeCode: Uint8Array.from(rows, () => 5),
    atMs: Float64Array.from(rows, ({ atMs }) => atMs),
    items,
    itemIndex: index(items, ({ item }) => item),
    quantity: Float64Array.from(rows, () => 1),
    amount: Float64Array.from(rows, ({ amount }) => amount),
    rating: Float64Array.from(rows, () => Number.NaN),
    textIds: [],
    textIndex: new Int32Array(rows.length).fill(-1),
    orders,
    orderIndex: index(orders, ({ order }) => order),
  };
}

function rowsOf(table: InteractionTable): Row[] {
  return Array.from({ length: table.rows }, (_, row) => ({
    customer: table.customers[table.customerIndex[row]!]!,
    atMs: table.atMs[row]!,
    item: table.items[table.itemIndex[row]!],
    order: table.orders[table.orderIndex[row]!],
    amount: table.amount[row]!,
  }));
}

/** The order asked for, by the stable sort of the language. */
function sorted(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => (a.customer === b.customer ? a.atMs - b.atMs : a.customer < b.customer ? -1 : 1));
}

const pseudonyms = ['00000000', '3fffffff', '40000000', '9abcdef0', 'ffffffff'].map((lead) => lead.padEnd(32, '7'));
const row = fc.record({
  customer: fc.constantFrom(...pseudonyms),
  atMs: fc.integer({ min: 0, max: 5 }),
  item: fc.constantFrom(undefined, 'tea', 'cup', 'jar'),
  order: fc.constantFrom(undefined, 'o1', 'o2'),
  amount: fc.integer({ min: 0, max: 1000 }),
});

describe('splitInteractions', () => {
  it('puts each row into the partition of its customer, sorted, and loses none', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), (rows, partitions) => {
        const tables = splitInteractions(tableOf(rows), partitions);
        const expected = Array.from({ length: partitions }, (_, partition) =>
          sorted(rows.filter(({ customer }) => partitionOf(customer, partitions) === partition)),
        );
        expect(tables.map(rowsOf)).toEqual(expected);
      }),
      { seed: 4 },
    );
  });

  it('names only what the rows of the partition use', () => {
    const [low, high] = splitInteractions(
      tableOf([
        { customer: pseudonyms[4]!, atMs: 1, item: 'tea', order: 'o1', amount: 1 },
        { customer: pseudonyms[0]!, atMs: 2, item: 'cup', order: undefined, amount: 2 },
      ]),
      2,
    );
    expect(low).toMatchObject({ customers: [pseudonyms[0]], items: ['cup'], orders: [] });
    expect(high).toMatchObject({ customers: [pseudonyms[4]], items: ['tea'], orders: ['o1'] });
  });
});

describe('mergeInteractions', () => {
  it('sorts the rows of all tables together; of equals, those of earlier tables first', () => {
    const tables = fc.array(fc.array(row, { maxLength: 15 }), { maxLength: 4 });
    fc.assert(
      fc.property(tables, (parts) => {
        expect(rowsOf(mergeInteractions(parts.map(tableOf)))).toEqual(sorted(parts.flat()));
      }),
      { seed: 5 },
    );
  });
});

describe('the interactions of some customers', () => {
  it('are their rows and no others, and every one of them is named', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), fc.subarray(pseudonyms), (rows, wanted) => {
        const table = mergeInteractions([tableOf(rows)]);
        const own = interactionsOf(wanted, table);
        expect(own.customers).toEqual(wanted);
        expect(rowsOf(own)).toEqual(rowsOf(table).filter(({ customer }) => wanted.includes(customer)));
      }),
    );
  });
});
