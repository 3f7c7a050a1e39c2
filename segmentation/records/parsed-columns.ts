import { type DateOrder, detectDateOrder, parseInstant } from './date-parsing.ts';
import { identifierOf, isMissing, maxIdentifierLength } from './identifiers.ts';
import { type DecimalMark, detectDecimalMark, parseNumber } from './number-parsing.ts';
import type { RejectReason } from './reject-reasons.ts';
import type { TextTable } from './row-table.ts';

/** A day: as far as the clocks of shops and their time zones may be ahead. */
export const clockToleranceMs = 86_400_000;
const dayMs = 86_400_000;

/** What the distinct cells of one column stand for, by code, and which of them cannot be taken. */
export interface ParsedColumn<Values> {
  readonly column: number;
  readonly values: Values;
  /** By code; undefined where the cell is fine. The whole is undefined where all are. */
  readonly faults: readonly (RejectReason | undefined)[] | undefined;
}

type Fault = RejectReason | undefined;

/** Which codes of a column its well-formed rows use, and how often. */
export function countCodes(table: TextTable, column: number): Uint32Array {
  const counts = new Uint32Array(table.columns[column]!.length);
  const width = table.header.length;
  for (let at = column; at < table.rows * width; at += width) counts[table.codes[at]!]!++;
  return counts;
}

/** Parses every distinct cell once. `parse` answers with a value or with why there is none. */
export function parseNumbers(
  table: TextTable,
  column: number,
  parse: (cell: string) => number | RejectReason,
): ParsedColumn<Float64Array> {
  const cells = table.columns[column]!;
  const values = new Float64Array(cells.length).fill(Number.NaN);
  let faults: Fault[] | undefined;
  cells.forEach((cell, code) => {
    const parsed = parse(cell);
    if (typeof parsed === 'number') values[code] = parsed;
    else {
      faults ??= new Array<Fault>(cells.length).fill(undefined);
      faults[code] = parsed;
    }
  });
  return { column, values, faults };
}

/** Numbers of a column, NaN where a cell is empty; the decimal mark is decided for the column as a whole. */
export function numberColumn(
  table: TextTable,
  column: number,
  check: (value: number) => RejectReason | undefined = () => undefined,
): ParsedColumn<Float64Array> & { readonly mark: DecimalMark } {
  const mark = detectDecimalMark(table.columns[column]!, table.delimiter);
  const notNumber: RejectReason = {
    code: 'UNPARSEABLE_NUMBER',
    message: `The cell of column "${table.header[column]}" is not a number such as 1234${mark}56; correct or empty it.`,
  };
  const parsed = parseNumbers(table, column, (cell) => {
    if (isMissing(cell)) return Number.NaN;
    const value = parseNumber(cell, mark);
    return Number.isNaN(value) ? notNumber : (check(value) ?? value);
  });
  return { ...parsed, mark };
}

/**
 * Instants of a column in milliseconds since 1970.
 * @param ifMissing the fault of an empty cell; without it an empty cell is NaN.
 */
export function timeColumn(
  table: TextTable,
  column: number,
  receivedAtMs: number,
  ifMissing?: RejectReason,
): ParsedColumn<Float64Array> & { readonly order: DateOrder; readonly evidence?: string } {
  const latestMs = receivedAtMs + clockToleranceMs;
  const name = `column "${table.header[column]}"`;
  const finding = detectDateOrder(table.columns[column]!, latestMs);
  const unparseable: RejectReason = {
    code: 'UNPARSEABLE_TIME',
    message: `The cell of ${name} is not a date or time such as 2021-05-31, 2021-05-31T17:45:00Z or seconds since 1970.`,
  };
  const impossible: RejectReason = {
    code: 'IMPOSSIBLE_TIME',
    message: `The time in ${name} is not after 1970-01-01, which programs write for "no time"; correct it.`,
  };
  const future: RejectReason = {
    code: 'FUTURE_TIME',
    message: `The time in ${name} is more than a day after the file was received; correct it.`,
  };
  const parsed = parseNumbers(table, column, (cell) => {
    if (isNoTime(cell)) return ifMissing ?? Number.NaN;
    const at = parseInstant(cell, finding.order);
    if (Number.isNaN(at)) return unparseable;
    if (at < dayMs) return impossible;
    return at > latestMs ? future : at;
  });
  return { ...parsed, ...finding };
}

/** An empty cell, or the null dates of MySQL. */
export function isNoTime(cell: string): boolean {
  return isMissing(cell) || /^0000-00-00(?: 00:00:00)?$/.test(cell.trim());
}

/** Ids of a column, empty where there is none and no fault is asked for. */
export function identifierColumn(
  table: TextTable,
  column: number,
  ifMissing?: RejectReason,
): ParsedColumn<readonly string[]> {
  let faults: Fault[] | undefined;
  const cells = table.columns[column]!;
  const overlong: RejectReason = {
    code: 'OVERLONG_FIELD',
    message: `The id in column "${table.header[column]}" has more than ${maxIdentifierLength} characters; shorten it.`,
  };
  const values = cells.map((cell, code) => {
    const id = identifierOf(cell);
    const fault = id === '' ? ifMissing : id.length > maxIdentifierLength ? overlong : undefined;
    if (fault) {
      faults ??= new Array<Fault>(cells.length).fill(undefined);
      faults[code] = fault;
    }
    return id;
  });
  return { column, values, faults };
}

/** The first fault of a row, in the order of the columns given. */
export function rowFault(
  table: TextTable,
  row: number,
  checks: readonly ParsedColumn<unknown>[],
): RejectReason | undefined {
  const base = row * table.header.length;
  for (const { column, faults } of checks) {
    const fault = faults?.[table.codes[base + column]!];
    if (fault) return fault;
  }
  return undefined;
}
