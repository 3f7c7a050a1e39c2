import { numberColumn, type ParsedColumn } from './parsed-columns.ts';
import type { RejectReason } from './reject-reasons.ts';
import type { TextTable } from './row-table.ts';

const scales = [5, 10, 100] as const;

/**
 * Ratings of a column on 1 to 5, NaN where there is none (empty, or the 0 that shops write for it). The scale is the smallest of 5,
 * 10 and 100 that holds 99 % of the distinct ratings; those beyond it are faults. 1 to 10 is stretched linearly, 0 to 100 likewise.
 */
export function ratingColumn(
  table: TextTable,
  column: number,
): { readonly parsed: ParsedColumn<Float64Array>; readonly scale: number } {
  const raw = numberColumn(table, column);
  const given = raw.values.filter((value) => !Number.isNaN(value));
  const scale = scales.find((top) => given.filter((value) => value <= top).length >= given.length * 0.99) ?? 100;
  const impossible: RejectReason = {
    code: 'IMPOSSIBLE_RATING',
    message: `The rating in column "${table.header[column]}" is not between 0 and ${scale}, the scale of the file; correct or empty it.`,
  };
  const faults: (RejectReason | undefined)[] = Array.from(
    raw.values,
    (value, code) => raw.faults?.[code] ?? (value < 0 || value > scale ? impossible : undefined),
  );
  const values = raw.values.map((value) => {
    if (!(value > 0)) return Number.NaN;
    if (scale === 5) return Math.max(value, 1);
    return scale === 10 ? 1 + ((Math.max(value, 1) - 1) * 4) / 9 : 1 + (value * 4) / 100;
  });
  return { parsed: { column, values, faults: faults.some(Boolean) ? faults : undefined }, scale };
}
