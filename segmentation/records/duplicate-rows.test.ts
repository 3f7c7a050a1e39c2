import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DuplicateRows } from './duplicate-rows.ts';

it('finds the rows that a set of their texts finds', () => {
  const rows = fc
    .integer({ min: 1, max: 4 })
    .chain((width) =>
      fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: width, maxLength: width }), { maxLength: 60 }),
    );
  fc.assert(
    fc.property(rows, (table) => {
      const duplicates = new DuplicateRows(Int32Array.from(table.flat()), table.length, table[0]?.length ?? 1);
      const seen = new Set<string>();
      table.forEach((row, index) => {
        expect(duplicates.isRepeat(index)).toBe(seen.has(row.join()));
        seen.add(row.join());
      });
    }),
    { seed: 7 },
  );
});
