/** The lake's Parquet files: canonical records in, canonical records out. Columns are named as a data engineer would query them. */
import type { ColumnSource } from 'hyparquet-writer';
import type {
  CustomerRecord,
  InteractionTable,
  InteractionType,
  ItemRecord,
  TextRecord,
} from '../segmentation/records/tables.ts';
import { interactionTypes } from '../segmentation/records/tables.ts';
import { CorruptRecordError } from './errors.ts';
import { readParquet, writeParquet } from './parquet.ts';

const pathSeparator = ' > ';

/** Columns of which a file holds no value at all are left out; those without a gap are required, which halves the time to read them. */
export function writeInteractions(table: InteractionTable): Uint8Array {
  return writeParquet([
    { name: 'customer', type: 'STRING', data: named(table.customers, table.customerIndex), nullable: false },
    { name: 'type', type: 'STRING', data: named(interactionTypes, table.typeCode), nullable: false },
    { name: 'at', type: 'TIMESTAMP', data: dates(table.atMs), nullable: false },
    ...namedColumn('item', table.items, table.itemIndex),
    ...numberColumn('quantity', table.quantity),
    ...numberColumn('amount', table.amount),
    ...numberColumn('rating', table.rating),
    ...namedColumn('text_id', table.textIds, table.textIndex),
    ...namedColumn('order', table.orders, table.orderIndex),
  ]);
}

function namedColumn(name: string, values: readonly string[], index: Int32Array): ColumnSource[] {
  if (values.length === 0) return [];
  return [{ name, type: 'STRING', data: named(values, index), nullable: index.includes(-1) }];
}

function numberColumn(name: string, data: Float64Array): ColumnSource[] {
  return data.every(Number.isNaN) ? [] : [{ name, type: 'DOUBLE', data, nullable: false }];
}

export async function readInteractions(file: Uint8Array): Promise<InteractionTable> {
  const parquet = readParquet(file);
  const names = async (name: string) =>
    interned(parquet.has(name) ? await parquet.column(name) : nothing(parquet.rows));
  const numbers = async (name: string) =>
    parquet.has(name)
      ? Float64Array.from((await parquet.column(name)) as number[])
      : new Float64Array(parquet.rows).fill(Number.NaN);
  const customers = await names('customer');
  const items = await names('item');
  const texts = await names('text_id');
  const orders = await names('order');
  return {
    rows: parquet.rows,
    customers: customers.values,
    customerIndex: customers.index,
    typeCode: typeCodes(await parquet.column('type')),
    atMs: Float64Array.from((await parquet.column('at')) as ArrayLike<Date>, (at) => at.getTime()),
    items: items.values,
    itemIndex: items.index,
    quantity: await numbers('quantity'),
    amount: await numbers('amount'),
    rating: await numbers('rating'),
    textIds: texts.values,
    textIndex: texts.index,
    orders: orders.values,
    orderIndex: orders.index,
  };
}

export function writeCustomers(records: readonly CustomerRecord[]): Uint8Array {
  return writeParquet([
    { name: 'customer', type: 'STRING', data: records.map((record) => record.customer) },
    { name: 'attributes', type: 'JSON', data: records.map((record) => record.attributes) },
    {
      name: 'created_at',
      type: 'TIMESTAMP',
      nullable: true,
      data: records.map((record) => (record.createdAtMs === undefined ? null : new Date(record.createdAtMs))),
    },
  ]);
}

export async function readCustomers(file: Uint8Array): Promise<CustomerRecord[]> {
  const parquet = readParquet(file);
  const [customer, attributes, createdAt] = await Promise.all([
    parquet.column('customer'),
    parquet.column('attributes'),
    parquet.column('created_at'),
  ]);
  return Array.from({ length: parquet.rows }, (_, row) => {
    const created = createdAt[row] as Date | null;
    return {
      customer: customer[row] as string,
      attributes: attributes[row] as CustomerRecord['attributes'],
      ...(created ? { createdAtMs: created.getTime() } : {}),
    };
  });
}

export function writeItems(records: readonly ItemRecord[]): Uint8Array {
  return writeParquet([
    { name: 'item', type: 'STRING', data: records.map((record) => record.item) },
    { name: 'title', type: 'STRING', data: records.map((record) => record.title) },
    { name: 'description', type: 'STRING', nullable: true, data: records.map((record) => record.description ?? null) },
    { name: 'category', type: 'STRING', data: records.map((record) => record.categoryPath.join(pathSeparator)) },
    { name: 'brand', type: 'STRING', nullable: true, data: records.map((record) => record.brand ?? null) },
    { name: 'price', type: 'DOUBLE', nullable: true, data: records.map((record) => record.price ?? null) },
    { name: 'text_id', type: 'STRING', data: records.map((record) => record.textId) },
  ]);
}

export async function readItems(file: Uint8Array): Promise<ItemRecord[]> {
  const parquet = readParquet(file);
  const [item, title, description, category, brand, price, textId] = await Promise.all(
    ['item', 'title', 'description', 'category', 'brand', 'price', 'text_id'].map((name) => parquet.column(name)),
  );
  return Array.from({ length: parquet.rows }, (_, row) => {
    const path = category?.[row] as string;
    return {
      item: item?.[row] as string,
      title: title?.[row] as string,
      categoryPath: path === '' ? [] : path.split(pathSeparator),
      textId: textId?.[row] as string,
      ...(description?.[row] == null ? {} : { description: description[row] as string }),
      ...(brand?.[row] == null ? {} : { brand: brand[row] as string }),
      ...(price?.[row] == null ? {} : { price: price[row] as number }),
    };
  });
}

export function writeTexts(records: readonly TextRecord[]): Uint8Array {
  return writeParquet([
    { name: 'text_id', type: 'STRING', data: records.map((record) => record.textId) },
    { name: 'text', type: 'STRING', data: records.map((record) => record.text) },
  ]);
}

export async function readTexts(file: Uint8Array): Promise<TextRecord[]> {
  const parquet = readParquet(file);
  const [textId, text] = await Promise.all([parquet.column('text_id'), parquet.column('text')]);
  return Array.from({ length: parquet.rows }, (_, row) => ({
    textId: textId[row] as string,
    text: text[row] as string,
  }));
}

/** Values by index; null where the index is -1. Written as plain loops: these run over every row of every file. */
function named(values: readonly string[], index: ArrayLike<number>): (string | null)[] {
  const column = new Array<string | null>(index.length);
  for (let row = 0; row < index.length; row += 1) column[row] = values[index[row] as number] ?? null;
  return column;
}

function dates(atMs: Float64Array): Date[] {
  const column = new Array<Date>(atMs.length);
  for (let row = 0; row < atMs.length; row += 1) column[row] = new Date(atMs[row] as number);
  return column;
}

function nothing(rows: number): null[] {
  return new Array<null>(rows).fill(null);
}

/** The distinct values in order of appearance, and each row's place in them; -1 for null. */
function interned(column: ArrayLike<unknown>): { values: string[]; index: Int32Array } {
  const values: string[] = [];
  const places = new Map<string, number>();
  const index = new Int32Array(column.length);
  for (let row = 0; row < column.length; row += 1) {
    const value = column[row] as string | null | undefined;
    if (value == null) {
      index[row] = -1;
      continue;
    }
    let place = places.get(value);
    if (place === undefined) {
      place = values.length;
      values.push(value);
      places.set(value, place);
    }
    index[row] = place;
  }
  return { values, index };
}

function typeCodes(column: ArrayLike<unknown>): Uint8Array {
  const codes = new Uint8Array(column.length);
  for (let row = 0; row < column.length; row += 1) {
    const code = interactionTypes.indexOf(column[row] as InteractionType);
    if (code === -1) {
      throw new CorruptRecordError(
        `row ${row} of an interactions file has type "${String(column[row])}"; known are ${interactionTypes.join(', ')}`,
      );
    }
    codes[row] = code;
  }
  return codes;
}
