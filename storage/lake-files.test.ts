import { expect, test } from 'vitest';
import type { CustomerRecord, InteractionTable } from '../segmentation/records/tables.ts';
import {
  readCustomers,
  readInteractions,
  readItems,
  readTexts,
  writeCustomers,
  writeInteractions,
  writeItems,
  writeTexts,
} from './lake-files.ts';

const interactions: InteractionTable = {
  rows: 3,
  customers: ['0a'.repeat(16), 'ff'.repeat(16)],
  customerIndex: Int32Array.of(0, 0, 1),
  typeCode: Uint8Array.of(5, 6, 8),
  atMs: Float64Array.of(852_076_800_000, 1_323_420_600_123, -86_400_000),
  items: ['190', '灯泡'],
  itemIndex: Int32Array.of(0, 1, -1),
  quantity: Float64Array.of(4, 1, Number.NaN),
  amount: Float64Array.of(14.96, 0.1, Number.NaN),
  rating: Float64Array.of(Number.NaN, Number.NaN, 4.5),
  textIds: ['12'.repeat(16)],
  textIndex: Int32Array.of(-1, -1, 0),
  orders: [],
  orderIndex: Int32Array.of(-1, -1, -1),
};

test('interactions come back as they were written, missing values included', async () => {
  expect(await readInteractions(writeInteractions(interactions))).toEqual(interactions);
});

test('equal interactions give equal bytes', () => {
  expect(Buffer.from(writeInteractions(interactions)).equals(writeInteractions(interactions))).toBe(true);
});

test('customers, items and texts come back as they were written', async () => {
  const customers: CustomerRecord[] = [
    { customer: '0a'.repeat(16), attributes: { gender: 0, city: '上海' }, createdAtMs: 684_460_800_000 },
    { customer: 'ff'.repeat(16), attributes: {} },
  ];
  const items = [
    {
      item: '1',
      title: 'Berry Juice',
      categoryPath: ['Drink', 'Juice'],
      brand: 'W',
      price: 2.85,
      textId: 'ab'.repeat(16),
    },
    { item: '2', title: '灯', categoryPath: [], textId: 'cd'.repeat(16), description: 'LED' },
  ];
  const texts = [{ textId: 'ab'.repeat(16), text: 'Berry Juice, "cold"\n好' }];
  expect(await readCustomers(writeCustomers(customers))).toEqual(customers);
  expect(await readItems(writeItems(items))).toEqual(items);
  expect(await readTexts(writeTexts(texts))).toEqual(texts);
});

test('an empty table is a readable file', async () => {
  expect(await readCustomers(writeCustomers([]))).toEqual([]);
});
