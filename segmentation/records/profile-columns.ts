import { redactContactData } from '../privacy/redaction.ts';
import { detectDateOrder, parseInstant } from './date-parsing.ts';
import type { Recognition } from './header-recognition.ts';
import { isMissing } from './identifiers.ts';
import { isNoTime, numberColumn, type ParsedColumn, parseNumbers, timeColumn } from './parsed-columns.ts';
import type { RejectReason } from './reject-reasons.ts';
import type { TextTable } from './row-table.ts';
import { cleanText } from './text-cleaning.ts';

/** One attribute of customers: its value by the code of a cell, undefined where the cell says nothing. */
export interface AttributeColumn {
  readonly name: string;
  readonly column: number;
  readonly values: readonly (string | number | undefined)[];
}

export interface ProfileColumns {
  readonly attributes: readonly AttributeColumn[];
  readonly createdAt: ParsedColumn<Float64Array> | undefined;
  /** Columns that can be at fault, in the order in which they are checked. */
  readonly checks: readonly ParsedColumn<unknown>[];
}

const oldestAge = 125;

/** The standard attributes of customers (gender, age, birthYear, country, region, city) and the date of the account. */
export function profileColumns(table: TextTable, recognition: Recognition, receivedAtMs: number): ProfileColumns {
  const attributes: AttributeColumn[] = [];
  const checks: ParsedColumn<unknown>[] = [];
  const at = (field: 'gender' | 'age' | 'birthDate' | 'createdAt') => recognition.columns.get(field);
  const gender = at('gender');
  if (gender !== undefined) {
    attributes.push({ name: 'gender', column: gender, values: genders(table.columns[gender]!) });
  }
  const age = at('age');
  if (age !== undefined) {
    const parsed = numberColumn(table, age, (years) =>
      years >= 0 && years <= oldestAge ? undefined : impossibleAge(table, age),
    );
    checks.push(parsed);
    attributes.push(numeric('age', parsed));
  }
  const birthDate = at('birthDate');
  if (birthDate !== undefined) {
    const parsed = birthYears(table, birthDate, receivedAtMs);
    checks.push(parsed);
    attributes.push(numeric('birthYear', parsed));
  }
  for (const field of ['country', 'region', 'city'] as const) {
    const column = recognition.columns.get(field);
    if (column !== undefined) attributes.push({ name: field, column, values: table.columns[column]!.map(categoryOf) });
  }
  const created = at('createdAt');
  const createdAt = created === undefined ? undefined : timeColumn(table, created, receivedAtMs);
  if (createdAt) checks.push(createdAt);
  return { attributes, createdAt, checks };
}

/** A category as it is kept: cleaned, without contact data, at most 100 characters. */
export function categoryOf(cell: string): string | undefined {
  return isMissing(cell) ? undefined : redactContactData(cleanText(cell)).slice(0, 100) || undefined;
}

/** The values of parsed numbers as those of an attribute. */
function numeric(name: string, parsed: ParsedColumn<Float64Array>): AttributeColumn {
  const values = Array.from(parsed.values, (value) => (Number.isNaN(value) ? undefined : value));
  return { name, column: parsed.column, values };
}

const female = new Set(['f', 'female', 'woman', 'girl', 'w', 'mrs', 'ms', 'miss', '女', '女性', '女士', '女生']);
const male = new Set(['m', 'male', 'man', 'boy', 'mr', '男', '男性', '先生', '男士', '男生']);

/** 0 female, 1 male. Digits are ISO/IEC 5218 (1 male, 2 female) where the column holds a 2, else as they stand. */
function genders(cells: readonly string[]): (number | undefined)[] {
  const words = cells.map((cell) =>
    cell
      .normalize('NFKC')
      .trim()
      .toLowerCase()
      .replace(/\.0+$|\.$/, ''),
  );
  const isIso = words.includes('2');
  return words.map((word) => {
    if (female.has(word) || word === (isIso ? '2' : '0')) return 0;
    return male.has(word) || word === '1' ? 1 : undefined;
  });
}

/** The gender in one cell, of which no other tells how the column is written. */
export function genderOf(cell: string): number | undefined {
  return genders([cell])[0];
}

function birthYears(table: TextTable, column: number, receivedAtMs: number): ParsedColumn<Float64Array> {
  const cells = table.columns[column]!;
  const { order } = detectDateOrder(cells, receivedAtMs);
  const unparseable: RejectReason = {
    code: 'UNPARSEABLE_TIME',
    message: `The cell of column "${table.header[column]}" is not a date such as 1985-05-31, nor a year; correct or empty it.`,
  };
  return parseNumbers(table, column, (cell) => {
    if (isNoTime(cell)) return Number.NaN;
    const atMs = /^\d{4}(?:\.0)?$/.test(cell.trim())
      ? Date.UTC(Number.parseInt(cell, 10), 0)
      : parseInstant(cell, order);
    if (Number.isNaN(atMs)) return unparseable;
    const year = new Date(atMs).getUTCFullYear();
    return year < 1900 || atMs > receivedAtMs ? impossibleAge(table, column) : year;
  });
}

function impossibleAge(table: TextTable, column: number): RejectReason {
  return {
    code: 'IMPOSSIBLE_AGE',
    message: `The value of column "${table.header[column]}" is impossible: ages are 0 to ${oldestAge}, births from 1900 until now.`,
  };
}
