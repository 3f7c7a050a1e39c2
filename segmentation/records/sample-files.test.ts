import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FileIngest } from './file-ingest.ts';
import { textIdOf } from './text-id.ts';

// Expected sums and counts: pandas over the same files (drop_duplicates, math.fsum).
function ingest(name: string) {
  const bytes = gunzipSync(readFileSync(new URL(`../../examples/foodmart/${name}`, import.meta.url)));
  const file = new FileIngest({ fileName: name, pseudonymOf: (id) => `#${id}`, receivedAtMs: Date.UTC(2024, 0, 1) });
  for (let at = 0; at < bytes.length; at += 50_000) file.write(bytes.subarray(at, at + 50_000));
  return file.finish();
}

const sum = (values: Iterable<number>) => Array.from(values).reduce((total, value) => total + value, 0);

describe('the sample', () => {
  it('holds 10,281 customers', () => {
    const { kind, customers, identities, report } = ingest('customers.csv.gz');
    expect(kind).toBe('customers');
    expect(report).toMatchObject({ read: 10_281, accepted: 10_281, rejected: 0, duplicates: 0, ignoredColumns: [] });
    const number = (name: string) => sum(customers.map(({ attributes }) => Number(attributes[name])));
    expect(number('yearly_income')).toBe(594_030_000);
    expect(number('gender')).toBe(5184);
    expect(number('birthYear')).toBe(19_995_998);
    expect(number('houseowner')).toBe(6187);
    expect(customers.filter(({ attributes }) => attributes['marital_status'] === 'M').length).toBe(5142);
    expect(sum(customers.map(({ createdAtMs }) => createdAtMs! / 86_400_000))).toBe(84_430_557);
    expect(identities[0]).toEqual({ customer: '#1', customerId: '1', name: 'Sheri Nowmer', phone: '271-555-9715' });
    expect(JSON.stringify(customers)).not.toMatch(/Nowmer|271-555|Bailey Road|15057/);
  });

  it('holds 1,560 items', () => {
    const { kind, items, texts, report } = ingest('products.csv.gz');
    expect(kind).toBe('items');
    expect(report).toMatchObject({ read: 1560, accepted: 1560, scripts: { latin: 44_645, han: 0 } });
    expect(sum(items.map(({ price }) => price!))).toBeCloseTo(3302.96, 6);
    expect(new Set(items.map(({ brand }) => brand)).size).toBe(111);
    expect(items[0]).toEqual({
      item: '1',
      title: 'Washington Berry Juice',
      categoryPath: ['Drink', 'Beverages', 'Pure Juice Beverages', 'Juice'],
      brand: 'Washington',
      price: 2.85,
      textId: textIdOf('Washington Berry Juice, Juice'),
    });
    expect(texts[0]).toEqual({ textId: 'a0b6101988120841d1e7dba920021b9f', text: 'Washington Berry Juice, Juice' });
  });

  it('holds 269,720 sales, 9 of them duplicates', () => {
    const { kind, interactions, identities, report } = ingest('sales.csv.gz');
    expect(kind).toBe('interactions');
    expect(report).toMatchObject({ read: 269_720, accepted: 269_711, rejected: 0, duplicates: 9 });
    expect(report.firstAtMs).toBe(Date.UTC(1997, 0, 1));
    expect(identities.length).toBe(8842);
    expect(interactions.items.length).toBe(1559);
    expect(sum(interactions.quantity)).toBe(833_460);
    expect(sum(interactions.amount)).toBeCloseTo(1_764_494.87, 4);
    const customer = interactions.customers.indexOf('#106');
    const own = Array.from(interactions.customerIndex.keys()).filter(
      (row) => interactions.customerIndex[row] === customer,
    );
    expect(own.length).toBe(16);
    expect(sum(own.map((row) => interactions.amount[row]!))).toBeCloseTo(167.7, 9);
    expect(Math.max(...own.map((row) => interactions.atMs[row]!))).toBe(Date.UTC(1998, 1, 10));
  });
});
