import { holdsContactData } from '../privacy/redaction.ts';
import { detectDateOrder, parseInstant } from './date-parsing.ts';
import { squashName } from './header-recognition.ts';
import { isMissing } from './identifiers.ts';
import { detectDecimalMark, parseBand, parseNumber } from './number-parsing.ts';
import { countCodes } from './parsed-columns.ts';
import { type AttributeColumn, categoryOf } from './profile-columns.ts';
import type { TextTable } from './row-table.ts';

/** Categories with more values than this are free text to the rest of the system. */
export const maxCategories = 50;

const yes = new Set(['y', 'yes', 'true', 't', '是', '有']);
const no = new Set(['n', 'no', 'false', 'f', '否', '没有']);
/** Numbers this long are account and telephone numbers, bar codes or times, not amounts. */
const idDigits = 9;

/**
 * What to make of a column of a customers file that has no known name: yes/no (1 and 0), a number, a band (its middle), or a
 * category of few values, each of which stands on two rows and more. All else (ids, dates, free text, whatever holds contact data)
 * could name a person or says nothing about many, and is left out.
 * @returns the attribute, or why there is none.
 */
export function attributeColumn(
  table: TextTable,
  column: number,
  latestMs: number,
):
  | { readonly attribute: AttributeColumn; readonly why: string }
  | { readonly attribute: undefined; readonly why: string } {
  const cells = table.columns[column]!;
  const counts = countCodes(table, column);
  const filled: string[] = [];
  let filledRows = 0;
  cells.forEach((cell, code) => {
    if (isMissing(cell)) return;
    filled.push(cell.trim());
    filledRows += counts[code]!;
  });
  const name = table.header[column]!.trim().normalize('NFKC');
  const leaveOut = (why: string) => ({ attribute: undefined, why });
  const keep = (why: string, read: (cell: string) => string | number | undefined) => {
    const values = cells.map((cell) => (isMissing(cell) ? undefined : read(cell.trim())));
    return { attribute: { name, column, values }, why };
  };
  if (filled.length === 0) return leaveOut('empty');
  if (name === '') return leaveOut('has no name');

  if (filled.every((cell) => yesOrNo(cell) !== undefined)) return keep('yes or no, kept as 1 and 0', yesOrNo);
  if (filled.filter(holdsContactData).length * 100 >= filled.length) return leaveOut('holds contact data');
  const { order } = detectDateOrder(filled, latestMs);
  if (filled.every((cell) => !Number.isNaN(parseInstant(cell, order)))) return leaveOut('dates of unknown meaning');
  const isFewValued = filled.length <= maxCategories && filled.length * 2 <= filledRows;
  const isId = /(?:id|编号|no|number|code|key)$/.test(squashName(name));
  const mark = detectDecimalMark(filled, table.delimiter);
  const isNumeric = filled.every((cell) => !Number.isNaN(parseNumber(cell, mark)));
  if (isNumeric && !isId) {
    const long = filled.filter((cell) => new RegExp(`^\\d{${idDigits},}$`).test(cell)).length;
    if (long * 2 > filled.length) return leaveOut('long numbers, which identify');
    return keep('numbers', (cell) => numberOrUndefined(parseNumber(cell, mark)));
  }
  if (isFewValued && filled.every((cell) => !Number.isNaN(parseBand(cell)))) {
    return keep('bands, kept as their middle', (cell) => numberOrUndefined(parseBand(cell)));
  }
  if (isFewValued) return keep(`a category of ${filled.length} values`, categoryOf);
  return leaveOut(isId ? 'ids' : `${filled.length} distinct values in ${filledRows} rows: free text, or names`);
}

/** 1 for yes, 0 for no, undefined for anything else. */
export function yesOrNo(cell: string): 1 | 0 | undefined {
  const word = cell.trim().toLowerCase();
  if (yes.has(word)) return 1;
  return no.has(word) ? 0 : undefined;
}

function numberOrUndefined(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
