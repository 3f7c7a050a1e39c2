import { redactContactData } from '../privacy/redaction.ts';
import { isMissing } from './identifiers.ts';
import { type IngestContext, type IngestedRecords, noInteractions } from './ingest-context.ts';
import { settleLatestRows } from './latest-rows.ts';
import { identifierColumn, numberColumn, type ParsedColumn } from './parsed-columns.ts';
import type { RejectReason } from './reject-reasons.ts';
import type { TextTable } from './row-table.ts';
import type { ItemRecord } from './tables.ts';
import { cleanText } from './text-cleaning.ts';
import type { TextRegistry } from './text-registry.ts';

const maxTitleLength = 500;

/** A title as it is kept: cleaned, scrubbed of contact data, at most 500 characters. Empty where there is none. */
export function titleOf(cell: string): string {
  return isMissing(cell) ? '' : redactContactData(cleanText(cell)).slice(0, maxTitleLength).toWellFormed().trim();
}

/** The levels of a category cell: one, or several between ">" or "|". */
export function categoryLevels(cell: string): string[] {
  return cell
    .split(/[>|]/)
    .map(titleOf)
    .filter((level) => level !== '');
}

/** An item without what is unknown of it; its text (title and narrowest category) is kept with the texts. */
export function itemRecord(
  texts: TextRegistry,
  known: {
    item: string;
    title: string;
    description: string;
    categoryPath: readonly string[];
    brand: string;
    price: number;
  },
): ItemRecord {
  const { item, title, description, categoryPath, brand, price } = known;
  const narrowest = categoryPath.at(-1);
  return {
    item,
    title,
    ...(description && { description }),
    categoryPath,
    ...(brand && { brand }),
    ...(Number.isNaN(price) ? {} : { price }),
    textId: texts.add(narrowest ? `${title}, ${narrowest}` : title),
  };
}

/** The rows of an items file as items. Without an id column the title is the id. */
export function readItemRows(context: IngestContext): IngestedRecords {
  const { table, recognition, verdicts, texts } = context;
  const { codes, header } = table;
  const width = header.length;
  const { columns, categories } = recognition;
  const titles = titleColumn(table, columns.get('title')!);
  const idColumn = columns.get('itemId');
  const ids =
    idColumn === undefined
      ? titles
      : identifierColumn(table, idColumn, {
          code: 'MISSING_ID',
          message: `The item has no id in column "${header[idColumn]}"; fill it in, or the row cannot be joined to what was bought.`,
        });
  if (idColumn === undefined) context.note('No column holds item ids; the title stands for them.');
  const priceColumn = columns.get('price');
  const prices =
    priceColumn === undefined
      ? undefined
      : numberColumn(table, priceColumn, (value) => (value < 0 ? negativePrice(header[priceColumn]!) : undefined));
  const levels = categories.map((column) => ({ column, values: table.columns[column]!.map(categoryLevels) }));
  const cleaned = (column: number | undefined, clean: (cell: string) => string) =>
    column === undefined
      ? () => ''
      : (
          (values) => (row: number) =>
            values[codes[row * width + column]!]!
        )(table.columns[column]!.map(clean));
  const brandOf = cleaned(columns.get('brand'), titleOf);
  const descriptionOf = cleaned(columns.get('description'), (cell) => redactContactData(cleanText(cell)));
  const idOf = (row: number) => ids.values[codes[row * width + ids.column]!]!;
  const checks = [ids, titles, ...(prices ? [prices] : [])];
  const items = settleLatestRows(table, verdicts, checks, idOf).map((row) =>
    itemRecord(texts, {
      item: idOf(row),
      title: titles.values[codes[row * width + titles.column]!]!,
      description: descriptionOf(row),
      categoryPath: levels.flatMap(({ column, values }) => values[codes[row * width + column]!]!),
      brand: brandOf(row),
      price: prices ? prices.values[codes[row * width + prices.column]!]! : Number.NaN,
    }),
  );
  return { customers: [], identities: [], items, interactions: noInteractions, attributeColumns: new Map() };
}

export function negativePrice(column: string): RejectReason {
  return {
    code: 'NEGATIVE_PRICE',
    message: `The price in column "${column}" is below 0; give returns a negative quantity instead.`,
  };
}

function titleColumn(table: TextTable, column: number): ParsedColumn<readonly string[]> {
  const values = table.columns[column]!.map(titleOf);
  const missing: RejectReason = {
    code: 'MISSING_TITLE',
    message: `The item has no title in column "${table.header[column]}"; its title is what it is understood by.`,
  };
  return { column, values, faults: values.map((title) => (title === '' ? missing : undefined)) };
}
