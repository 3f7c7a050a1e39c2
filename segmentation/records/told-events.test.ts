import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { FileIngest } from './file-ingest.ts';
import { splitInteractions } from './interaction-partitions.ts';
import { interactionTypes } from './tables.ts';
import { readToldAttributes } from './told-attributes.ts';
import { readToldEvents, type ToldEvent } from './told-events.ts';

const customer = 'c'.repeat(32);
const receivedAtMs = Date.UTC(2026, 0, 31);
const read = (...events: ToldEvent[]) => readToldEvents(events, { customer, receivedAtMs });

/** The id of a text: the first 32 hex digits of its sha256 (tables.ts, TextRecord). */
const textIdOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);

describe('told events', () => {
  test('are what the same rows of a file are', () => {
    const ingest = new FileIngest({
      fileName: 'a.csv',
      receivedAtMs,
      currency: undefined,
      pseudonymOf: () => customer,
    });
    ingest.write(
      Buffer.from(
        [
          'customer_id,date,event,product_id,product_name,category,quantity,amount,rating,review,order_id',
          'c1,2026-01-03T09:00:00Z,purchase,7,Blue  teapot,Home > Kitchen,2,19.9,,,o1',
          'c1,2026-01-02T09:00:00Z,add_to_cart,7,Blue  teapot,Home > Kitchen,1,,,,',
          'c1,2026-01-09T09:00:00Z,purchase,7,Blue  teapot,Home > Kitchen,-1,-9.95,,,o1',
          'c1,2026-01-10T09:00:00Z,review,7,Blue  teapot,Home > Kitchen,,,4,write to me@example.com,',
          'c1,2026-01-11T09:00:00Z,wink,,,,,,,,',
          'c1,2026-01-03T09:00:00Z,purchase,7,Blue  teapot,Home > Kitchen,2,19.9,,,o1',
        ].join('\n'),
      ),
    );
    const file = ingest.finish();
    expect(file.report.duplicates).toBe(1);
    const item = { id: '7', title: 'Blue  teapot', category: 'Home > Kitchen' };
    const bought = {
      type: 'purchase',
      time: '2026-01-03T10:00:00+01:00',
      item,
      quantity: 2,
      amount: 19.9,
      orderId: 'o1',
    };
    const told = read(
      bought,
      { type: 'add_to_cart', time: '2026-01-02T09:00:00Z', item, quantity: 1 },
      { ...bought, time: '2026-01-09T09:00:00Z', quantity: -1, amount: -9.95 },
      { type: 'review', time: '2026-01-10T09:00:00Z', item, rating: 4, text: 'write to me@example.com' },
      { type: 'wink', time: '2026-01-11T09:00:00Z' },
      bought,
    );
    expect(told.rejected).toEqual([]);
    expect(told.interactions).toEqual(splitInteractions(file.interactions, 1)[0]);
    expect(told.items).toEqual(file.items);
    expect([...told.texts]).toEqual(file.texts.map(({ textId, text }) => [textId, text]));
    expect([...told.texts.values()].join()).not.toContain('@');
    const types = Array.from(told.interactions.typeCode, (code) => interactionTypes[code]);
    expect(types).toEqual(['cart', 'purchase', 'refund', 'review', 'custom']);
  });

  test('of an item without an id know it by its title, and of one without a title by its id', () => {
    const { interactions, items } = read(
      { type: 'view', time: '2026-01-03T09:00:00Z', item: { title: 'Paper lamp' } },
      { type: 'view', time: '2026-01-04T09:00:00Z', item: { id: '9' } },
    );
    expect(interactions.items).toEqual(['Paper lamp', '9']);
    expect(items.map(({ item, textId }) => [item, textId])).toEqual([['Paper lamp', textIdOf('Paper lamp')]]);
  });

  test('that no file could hold are rejected with its reasons, by their place', () => {
    const { rejected } = read(
      { type: 'view', time: '2026-01-03T09:00:00Z', item: { id: '9' } },
      { type: 'view', time: '2026-03-01T00:00:00Z', item: { id: '9' } },
      { type: 'purchase', time: '2026-01-03T09:00:00Z', quantity: 0 },
    );
    expect(rejected.map(({ event, code }) => [event, code])).toEqual([
      [1, 'FUTURE_TIME'],
      [2, 'ZERO_QUANTITY'],
    ]);
  });
});

describe('told attributes', () => {
  const kinds: Readonly<Record<string, 'number' | 'category'>> = {
    gender: 'number',
    income: 'number',
    member: 'number',
    card: 'category',
  };
  const tell = (told: Readonly<Record<string, string | number>>) => readToldAttributes(told, (name) => kinds[name]);

  test.each([
    [{ gender: 'F' }, { gender: 0 }],
    [{ gender: 'male' }, { gender: 1 }],
    [{ income: '$30K - $50K' }, { income: 40_000 }],
    [{ income: '1,250.5' }, { income: 1250.5 }],
    [{ member: 'Y' }, { member: 1 }],
    [{ card: ' Gold\u00a0' }, { card: 'Gold' }],
    [{ card: 3 }, { card: '3' }],
  ])('%o are kept as files have them', (told, attributes) => {
    expect(tell(told)).toEqual({ attributes, ignored: [] });
  });

  test('that the run does not know, or knows by another kind of value, are named', () => {
    expect(tell({ shoeSize: 42, income: 'plenty', card: 'Gold' })).toEqual({
      attributes: { card: 'Gold' },
      ignored: ['shoeSize', 'income'],
    });
  });
});
