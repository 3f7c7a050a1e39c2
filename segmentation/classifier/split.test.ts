import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stratifiedSplit } from './split.ts';

describe('stratifiedSplit', () => {
  it('holds out the same share of each class', () => {
    const labels = Int32Array.from({ length: 100 }, (_, row) => (row < 70 ? 0 : row < 95 ? 1 : 2));
    const { train, heldOut } = stratifiedSplit(labels, 0.2, 1);
    expect([0, 1, 2].map((label) => heldOut.filter((row) => labels[row] === label).length)).toEqual([14, 5, 1]);
    expect(train.length).toBe(80);
  });

  it('puts each row on one side, in order, and every class of two or more on both', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(4), { maxLength: 60 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.nat(99),
        (values, share, seed) => {
          const labels = Int32Array.from(values);
          const { train, heldOut } = stratifiedSplit(labels, share, seed);
          expect([...train, ...heldOut].sort((a, b) => a - b)).toEqual([...labels.keys()]);
          expect(train).toEqual(train.toSorted());
          expect(heldOut).toEqual(heldOut.toSorted());
          for (const label of new Set(values)) {
            const count = values.filter((value) => value === label).length;
            const held = heldOut.filter((row) => labels[row] === label).length;
            expect(held).toBeLessThan(count);
            if (count > 1) expect(held).toBeGreaterThan(0);
            if (count > 1) expect(Math.abs(held - count * share)).toBeLessThanOrEqual(1);
          }
          expect(stratifiedSplit(labels, share, seed)).toEqual({ train, heldOut });
        },
      ),
    );
  });

  it('splits otherwise for another seed, and refuses a share of nothing or all', () => {
    const labels = new Int32Array(50);
    expect(stratifiedSplit(labels, 0.3, 1).heldOut).not.toEqual(stratifiedSplit(labels, 0.3, 2).heldOut);
    expect(() => stratifiedSplit(labels, 0, 1)).toThrow('held-out share is 0');
    expect(() => stratifiedSplit(labels, 1, 1)).toThrow('held-out share is 1');
  });
});
