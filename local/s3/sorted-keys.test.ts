import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareUtf8, SortedKeys } from './sorted-keys.ts';

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u00e9', '\ufffd', '\u{1f600}', '\ud7ff', '\ue000') });

describe('compareUtf8', () => {
  it('orders as the UTF-8 bytes do, beyond the basic plane too', () => {
    expect(compareUtf8('\uffff', '\u{10000}')).toBeLessThan(0);
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(byBytes(a, b));
      }),
    );
  });
});

describe('SortedKeys', () => {
  it('holds what a sorted set would after any additions and deletions', () => {
    const change = fc.tuple(fc.constantFrom('add', 'delete'), key);
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), key, (changes, from) => {
        const keys = new SortedKeys();
        const expected = new Set<string>();
        for (const [what, one] of changes) {
          keys[what as 'add' | 'delete'](one);
          expected[what as 'add' | 'delete'](one);
        }
        const sorted = [...expected].sort(byBytes);
        expect([...keys.from(() => false)]).toEqual(sorted);
        const isBefore = (other: string) => compareUtf8(other, from) < 0;
        expect([...keys.from(isBefore)]).toEqual(sorted.filter((other) => byBytes(other, from) >= 0));
        expect(keys.firstNot(isBefore)).toBe(sorted.find((other) => byBytes(other, from) >= 0));
      }),
    );
  });

  it('stays in order over many blocks', () => {
    const keys = new SortedKeys();
    const all = Array.from({ length: 5000 }, (_, i) => `${(i * 7919) % 5000}`.padStart(4, '0'));
    for (const one of all) keys.add(one);
    expect([...keys.from(() => false)]).toEqual(all.toSorted());
    for (const one of all) if (Number(one) % 3 !== 0) keys.delete(one);
    expect([...keys.from((other) => other <= '2999')].slice(0, 3)).toEqual(['3000', '3003', '3006']);
    expect(keys.firstNot((other) => other <= '4998')).toBeUndefined();
  });
});
