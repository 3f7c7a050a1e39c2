import { partitionOf } from '../privacy/pseudonyms.ts';
import { Roster } from './roster.ts';
import type { InteractionTable } from './tables.ts';

/**
 * The interactions of each partition of the lake, each sorted by pseudonym, then time, then the order of the file. A partition
 * names only the customers, items, texts and orders of its own rows.
 * @returns `partitions` tables; those without rows are empty.
 */
export function splitInteractions(table: InteractionTable, partitions: number): InteractionTable[] {
  const order = sortedRows(table);
  const partitionOfCustomer = Int32Array.from(table.customers, (customer) => partitionOf(customer, partitions));
  const tables: InteractionTable[] = [];
  let from = 0;
  for (let partition = 0; partition < partitions; partition++) {
    let to = from;
    while (to < order.length && partitionOfCustomer[table.customerIndex[order[to]!]!] === partition) to++;
    tables.push(rowsOf(table, order.subarray(from, to)));
    from = to;
  }
  return tables;
}

/**
 * One table of several (a partition's parts, in the order of their files), sorted like a split one. Equal rows of different files are
 * all kept: which of them repeat is for those to say who know the files. One part alone is as it was split.
 */
export function mergeInteractions(tables: readonly InteractionTable[]): InteractionTable {
  const [only] = tables;
  if (only !== undefined && tables.length === 1 && isSplit(only)) return only;
  const joined = concatenated(tables);
  return rowsOf(joined, sortedRows(joined));
}

/** Whether the rows are sorted by pseudonym and time, and customers named in that order. */
function isSplit({ rows, customers, customerIndex, atMs }: InteractionTable): boolean {
  for (let place = 1; place < customers.length; place++) if (customers[place]! <= customers[place - 1]!) return false;
  for (let row = 1; row < rows; row++) {
    const step = customerIndex[row]! - customerIndex[row - 1]!;
    if (step < 0 || (step === 0 && !(atMs[row]! >= atMs[row - 1]!))) return false;
  }
  return true;
}

/**
 * Of a sorted table the rows of these customers (sorted by pseudonym) and of no others. Every one of them is named, also those who
 * have no row.
 */
export function interactionsOf(customers: readonly string[], table: InteractionTable): InteractionTable {
  const positionOf = new Map(customers.map((customer, position) => [customer, position]));
  const positions = Int32Array.from(table.customers, (customer) => positionOf.get(customer) ?? -1);
  const positionOfRow = table.customerIndex.map((customer) => positions[customer]!);
  const wanted = Int32Array.from(positionOfRow.keys()).filter((row) => positionOfRow[row]! >= 0);
  return {
    ...rowsOf(table, wanted),
    customers,
    customerIndex: wanted.map((row) => positionOfRow[row]!),
  };
}

/** [rows]: the rows by pseudonym, time and position. */
function sortedRows({ rows, customers, customerIndex, atMs }: InteractionTable): Int32Array {
  const byName = Array.from(customers.keys()).sort((a, b) => (customers[a]! < customers[b]! ? -1 : 1));
  const rank = new Int32Array(customers.length);
  byName.forEach((customer, position) => {
    rank[customer] = position;
  });
  // Counting sort by customer keeps the order of the file; then each customer's rows, mostly in the order of time already.
  const starts = new Int32Array(customers.length + 1);
  for (let row = 0; row < rows; row++) starts[rank[customerIndex[row]!]! + 1]!++;
  for (let position = 1; position < starts.length; position++) starts[position]! += starts[position - 1]!;
  const order = new Int32Array(rows);
  const next = starts.slice();
  for (let row = 0; row < rows; row++) order[next[rank[customerIndex[row]!]!]!++] = row;
  for (let position = 0; position < customers.length; position++) {
    const own = order.subarray(starts[position], starts[position + 1]);
    if (!isInTime(own, atMs)) own.sort((a, b) => atMs[a]! - atMs[b]! || a - b);
  }
  return order;
}

function isInTime(rows: Int32Array, atMs: Float64Array): boolean {
  for (let i = 1; i < rows.length; i++) if (atMs[rows[i]!]! < atMs[rows[i - 1]!]!) return false;
  return true;
}

/** The rows named, in that order, with only the names that they use. */
function rowsOf(table: InteractionTable, order: Int32Array): InteractionTable {
  const rows = order.length;
  const numbers = (column: Float64Array) => gathered(column, order, new Float64Array(rows));
  const customers = used(table.customers, table.customerIndex, order);
  const items = used(table.items, table.itemIndex, order);
  const texts = used(table.textIds, table.textIndex, order);
  const orders = used(table.orders, table.orderIndex, order);
  return {
    rows,
    customers: customers.names,
    customerIndex: customers.index,
    typeCode: gathered(table.typeCode, order, new Uint8Array(rows)),
    atMs: numbers(table.atMs),
    items: items.names,
    itemIndex: items.index,
    quantity: numbers(table.quantity),
    amount: numbers(table.amount),
    rating: numbers(table.rating),
    textIds: texts.names,
    textIndex: texts.index,
    orders: orders.names,
    orderIndex: orders.index,
  };
}

function gathered<Column extends Float64Array | Uint8Array>(from: Column, order: Int32Array, into: Column): Column {
  for (let i = 0; i < order.length; i++) into[i] = from[order[i]!]!;
  return into;
}

/** The names that the rows use, in the order of their first use, and the index of each row into them. */
function used(names: readonly string[], index: Int32Array, order: Int32Array): { names: string[]; index: Int32Array } {
  const renumbered = new Int32Array(names.length).fill(-1);
  const kept: string[] = [];
  const ownIndex = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const name = index[order[i]!]!;
    if (name >= 0 && renumbered[name] === -1) renumbered[name] = kept.push(names[name]!) - 1;
    ownIndex[i] = name < 0 ? -1 : renumbered[name]!;
  }
  return { names: kept, index: ownIndex };
}

function concatenated(tables: readonly InteractionTable[]): InteractionTable {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const numbers = (columnOf: (table: InteractionTable) => Float64Array) => {
    const joined = new Float64Array(rows);
    let at = 0;
    for (const table of tables) {
      joined.set(columnOf(table), at);
      at += table.rows;
    }
    return joined;
  };
  const named = (
    namesOf: (table: InteractionTable) => readonly string[],
    indexOf: (table: InteractionTable) => Int32Array,
  ) => {
    const roster = new Roster();
    const joined = new Int32Array(rows);
    let at = 0;
    for (const table of tables) {
      const renumbered = Int32Array.from(namesOf(table), (name) => roster.indexOf(name));
      for (const index of indexOf(table)) joined[at++] = index < 0 ? -1 : renumbered[index]!;
    }
    return { names: roster.names, index: joined };
  };
  const customers = named(
    (table) => table.customers,
    (table) => table.customerIndex,
  );
  const items = named(
    (table) => table.items,
    (table) => table.itemIndex,
  );
  const texts = named(
    (table) => table.textIds,
    (table) => table.textIndex,
  );
  const orders = named(
    (table) => table.orders,
    (table) => table.orderIndex,
  );
  const typeCode = new Uint8Array(rows);
  let at = 0;
  for (const table of tables) {
    typeCode.set(table.typeCode, at);
    at += table.rows;
  }
  return {
    rows,
    customers: customers.names,
    customerIndex: customers.index,
    typeCode,
    atMs: numbers((table) => table.atMs),
    items: items.names,
    itemIndex: items.index,
    quantity: numbers((table) => table.quantity),
    amount: numbers((table) => table.amount),
    rating: numbers((table) => table.rating),
    textIds: texts.names,
    textIndex: texts.index,
    orders: orders.names,
    orderIndex: orders.index,
  };
}
