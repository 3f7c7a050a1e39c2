import { holdsContactData } from '../privacy/redaction.ts';
import { categoryDepths, type Field, type FileKind, type Synonyms, synonyms } from './column-synonyms.ts';
import type { FileProblem } from './file-problem.ts';
import { rejectColumns } from './reject-reasons.ts';

/** What became of one column of the file. */
export interface ColumnReport {
  readonly column: string;
  /** The field it was taken for; `attribute` for a customer attribute kept under its own name; `ignored`. */
  readonly field: Field | 'attribute' | 'ignored';
  readonly why: string;
}

export interface Recognition {
  readonly kind: FileKind;
  /** Column of each field that the file has. */
  readonly columns: ReadonlyMap<Field, number>;
  /** Category columns from the widest level to the narrowest. */
  readonly categories: readonly number[];
  /** By column, for those that mean something known. */
  readonly fields: readonly (Field | undefined)[];
  /** By column: why it means what it means, or why nothing. */
  readonly reasons: readonly string[];
}

/** A column name without what people vary: case, width, spaces, underscores and other punctuation. */
export function squashName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/**
 * Tells from the column names what a file holds and what its columns mean. A file is
 * - interactions: a customer, a time, and what was done (item, text, rating, money, quantity, order or event);
 * - items: an item id or title without a customer;
 * - customers: a customer id, or an e-mail address or phone to know them by.
 *
 * @param fileName decides between customers and items where the columns (such as `id, name`) fit both.
 */
export function recognizeHeader(header: readonly string[], fileName: string): Recognition | FileProblem {
  const interactions = assign(header, 'interactions');
  const isDoing = doings.some((field) => interactions.columns.has(field));
  if (isKnownPerson(interactions) && isDoing) {
    if (interactions.columns.has('time')) return withoutCreation(interactions);
    if (interactions.columns.has('createdAt') && sureDoings.some((field) => interactions.columns.has(field))) {
      return withTime(interactions, header);
    }
    if (sureDoings.some((field) => interactions.columns.has(field)) && !isProfile(interactions)) {
      return unknownColumns(header, 'A customer and what they did are there, but no time');
    }
  }
  const customers = assign(header, 'customers');
  const items = assign(header, 'items');
  const isItems = items.columns.has('title') && !interactions.columns.has('customerId');
  const isCustomers = isKnownPerson(customers);
  if (isItems && isCustomers) {
    const looksLikeItems = items.columns.has('price') || items.columns.has('brand') || items.categories.length > 0;
    if (isProfile(customers) !== looksLikeItems) return looksLikeItems ? items : customers;
    if (/product|item|goods|catalog|article|商品|产品/i.test(fileName)) return items;
    if (/customer|user|member|client|people|客户|用户|会员|顾客/i.test(fileName)) return customers;
    return unknownColumns(header, 'The columns fit customers as well as items, and so does the file name');
  }
  if (isItems) return items;
  if (isCustomers) return customers;
  return unknownColumns(header, 'No kind of file fits these columns');
}

const doings: readonly Field[] = [
  'itemId',
  'title',
  'text',
  'rating',
  'amount',
  'quantity',
  'price',
  'orderId',
  'eventType',
];
/** Of those, what a list of customers does not have as well (it may have a total, a count, a title). */
const sureDoings: readonly Field[] = ['itemId', 'text', 'orderId', 'eventType'];
const profileFields: readonly Field[] = [
  'firstName',
  'lastName',
  'email',
  'phone',
  'birthDate',
  'age',
  'gender',
  'city',
  'address',
];

function isKnownPerson({ columns }: Recognition): boolean {
  return columns.has('customerId') || columns.has('email') || columns.has('phone');
}

function isProfile({ columns }: Recognition): boolean {
  return profileFields.some((field) => columns.has(field));
}

function assign(header: readonly string[], kind: FileKind): Recognition {
  const columnOf = new Map<string, number>();
  const reasons = header.map(() => '');
  header.forEach((name, column) => {
    const key = squashName(name);
    if (rejectColumns.includes(name)) reasons[column] = 'added by the file of rejects';
    else if (columnOf.has(key)) reasons[column] = 'repeats the name of an earlier column';
    else columnOf.set(key, column);
  });
  const fields: (Field | undefined)[] = header.map((name) => (rejectColumns.includes(name) ? 'rejectNote' : undefined));
  const columns = new Map<Field, number>();
  for (const [field, names] of Object.entries(synonyms[kind] satisfies Synonyms) as [Field, readonly string[]][]) {
    for (const name of names) {
      const column = columnOf.get(name);
      if (column === undefined || fields[column] !== undefined) continue;
      if (columns.has(field) && field !== 'personal') {
        reasons[column] ||= `another column, "${header[columns.get(field)!]}", is a surer ${field}`;
        continue;
      }
      columns.set(field, column);
      fields[column] = field;
      reasons[column] = `a known name for ${field}`;
    }
  }
  if (columns.has('text') && squashName(header[columns.get('title') ?? -1] ?? '') === 'title') {
    const column = columns.get('title')!;
    columns.delete('title');
    fields[column] = undefined;
    reasons[column] = 'beside a review, the title is that of the review';
  }
  const categories = kind === 'customers' ? [] : categoryColumns(columnOf);
  for (const column of categories) {
    fields[column] = 'category';
    reasons[column] = 'a known name for a category level';
  }
  return { kind, columns, categories, fields, reasons };
}

function categoryColumns(columnOf: ReadonlyMap<string, number>): number[] {
  return Object.entries(categoryDepths)
    .filter(([name]) => columnOf.has(name))
    .map(([name, depth]) => ({ column: columnOf.get(name)!, depth }))
    .sort((a, b) => a.depth - b.depth || a.column - b.column)
    .map(({ column }) => column);
}

/** Takes the time of creation, which may be the account's or the event's, for the event's. */
function withTime(recognition: Recognition, header: readonly string[]): Recognition {
  const column = recognition.columns.get('createdAt')!;
  const columns = new Map(recognition.columns);
  columns.delete('createdAt');
  columns.set('time', column);
  const why = `the only time beside what the customer did ("${header[column]}")`;
  return {
    ...recognition,
    columns,
    fields: recognition.fields.with(column, 'time'),
    reasons: recognition.reasons.with(column, why),
  };
}

/** Beside the time of the event, a time of creation may be the order's or the account's: it is not used. */
function withoutCreation(recognition: Recognition): Recognition {
  const column = recognition.columns.get('createdAt');
  if (column === undefined) return recognition;
  const columns = new Map(recognition.columns);
  columns.delete('createdAt');
  return {
    ...recognition,
    columns,
    fields: recognition.fields.with(column, undefined),
    reasons: recognition.reasons.with(column, 'another column holds the time; this may be that of the account'),
  };
}

const needs =
  'Customers need a customer id (customer_id, 用户ID) or an e-mail address; items need a title (product_name, 商品名称) and may have an ' +
  'id (product_id, 商品ID); interactions need a customer id, a time (date, invoice_date, 下单时间) and one of item, text, rating, ' +
  'amount, quantity, price, order or event';

function unknownColumns(header: readonly string[], found: string): FileProblem {
  if (header.some(looksLikeData)) {
    return {
      code: 'UNKNOWN_COLUMNS',
      message: `Line 1 seems to hold data, not column names. Put a line of column names above it and drop the file again. ${needs}.`,
    };
  }
  const shown = header.slice(0, 30).map((name) => name.slice(0, 40));
  const hints = shown.flatMap((name) => {
    const nearest = nearestSynonym(squashName(name));
    return nearest ? [`"${name}" is near "${nearest}"`] : [];
  });
  return {
    code: 'UNKNOWN_COLUMNS',
    message:
      `${found}. Columns got: ${shown.map((name) => `"${name}"`).join(', ')}${header.length > 30 ? ', …' : ''}. ${needs}. ` +
      `${hints.length > 0 ? `${hints.join('; ')}. ` : ''}Rename the columns and drop the file again.`,
  };
}

/** Whether what should be a column name is a value: it must not be repeated in a message then. */
function looksLikeData(name: string): boolean {
  return name.length > 60 || /^[\s\d.,:/+-]+$/.test(name) || holdsContactData(name);
}

const allNames = [
  ...new Set(Object.values(synonyms).flatMap((fields) => Object.values(fields).flat())),
  ...Object.keys(categoryDepths),
];

/** The known name with the fewest edits, if at most a third of the letters need one. */
function nearestSynonym(name: string): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.floor(name.length / 3) + 1;
  for (const known of allNames) {
    const edits = editDistance(name, known);
    if (edits > 0 && edits < fewest) {
      fewest = edits;
      nearest = known;
    }
  }
  return nearest;
}

/** Levenshtein's distance: insertions, deletions and replacements (Wagner and Fischer 1974). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
