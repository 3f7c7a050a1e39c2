import { DuplicateRows } from './duplicate-rows.ts';
import { type ParsedColumn, rowFault } from './parsed-columns.ts';
import type { TextTable } from './row-table.ts';
import type { RowVerdicts } from './row-verdicts.ts';

/**
 * Settles the rows of a file that has one row for each id (customers, items): faulty rows are rejected, exact repeats counted
 * as duplicates, and of different rows with the same id the last one counts, since exports append corrections; the others are
 * rejected as `DUPLICATE_ID`.
 * @param idOf the id in a row, never empty where the row has no fault.
 * @returns the accepted rows in the order of the file.
 */
export function settleLatestRows(
  table: TextTable,
  verdicts: RowVerdicts,
  checks: readonly ParsedColumn<unknown>[],
  idOf: (row: number) => string,
): number[] {
  const duplicates = new DuplicateRows(table.codes, table.rows, table.header.length);
  const lastRow = new Map<string, number>();
  const candidates: number[] = [];
  for (let row = 0; row < table.rows; row++) {
    if (verdicts.isSettled(row)) continue;
    const fault = rowFault(table, row, checks);
    if (fault) verdicts.reject(row, fault);
    else if (duplicates.isRepeat(row)) verdicts.repeat(row);
    else {
      candidates.push(row);
      lastRow.set(idOf(row), row);
    }
  }
  return candidates.filter((row) => {
    const last = lastRow.get(idOf(row))!;
    if (last === row) {
      verdicts.accept(row);
      return true;
    }
    verdicts.reject(row, {
      code: 'DUPLICATE_ID',
      message: `Line ${table.lines[last]} has the same id and comes later, so it counts; keep one of the two.`,
    });
    return false;
  });
}
