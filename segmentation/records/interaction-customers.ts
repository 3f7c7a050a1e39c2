import { contactCell, contactFields, contactOf } from './customer-keys.ts';
import type { IngestContext } from './ingest-context.ts';
import type { ParsedColumn } from './parsed-columns.ts';
import type { AttributeColumn } from './profile-columns.ts';
import type { TextTable } from './row-table.ts';
import type { CustomerRecord, Identity } from './tables.ts';

/** The accepted rows of an interactions file, n of them; the columns may be longer. */
export interface KeptRows {
  /** [n] rows of the table. */
  readonly rows: Int32Array;
  /** [>= n] index into `pseudonyms`. */
  readonly customerIndex: Int32Array;
  /** [>= n] */
  readonly atMs: Float64Array;
  readonly pseudonyms: readonly string[];
}

/** What order lines and reviews say of the customers themselves (country, age, …). Customers of whom they say nothing have no record. */
export function customersOfRows(
  table: TextTable,
  kept: KeptRows,
  attributes: readonly AttributeColumn[],
): CustomerRecord[] {
  if (attributes.length === 0) return [];
  const latest = attributes.map(({ column, values }) =>
    latestCodes(table, kept, column, (code) => values[code] !== undefined),
  );
  return kept.pseudonyms.flatMap((customer, index) => {
    const known = attributes.flatMap(({ name, values }, which) => {
      const code = latest[which]![index]!;
      return code < 0 ? [] : [[name, values[code]!] as const];
    });
    return known.length === 0 ? [] : [{ customer, attributes: Object.fromEntries(known) }];
  });
}

/** The identity of each customer, with the contact data of the latest row that has any. */
export function identitiesOfRows(
  { table, recognition }: IngestContext,
  kept: KeptRows,
  keys: ParsedColumn<readonly string[]>,
): Identity[] {
  const idCodes = latestCodes(table, kept, keys.column, () => true);
  const contacts = new Map(
    contactFields.flatMap((field) => {
      const column = recognition.columns.get(field);
      if (column === undefined) return [];
      const values = table.columns[column]!.map(contactCell);
      return [[field, { values, codes: latestCodes(table, kept, column, (code) => values[code] !== '') }] as const];
    }),
  );
  return kept.pseudonyms.map((customer, index) => ({
    customer,
    customerId: keys.values[idCodes[index]!]!,
    ...contactOf((field) => {
      const contact = contacts.get(field);
      return contact?.values[contact.codes[index]!] ?? '';
    }),
  }));
}

/** For each customer the code that one column has on the latest row (of simultaneous ones, the last) where it says something; -1 for none. */
function latestCodes(
  table: TextTable,
  kept: KeptRows,
  column: number,
  saysSomething: (code: number) => boolean,
): Int32Array {
  const width = table.header.length;
  const isUseful = Uint8Array.from(table.columns[column]!, (_, code) => (saysSomething(code) ? 1 : 0));
  const latestMs = new Float64Array(kept.pseudonyms.length).fill(Number.NEGATIVE_INFINITY);
  const codes = new Int32Array(kept.pseudonyms.length).fill(-1);
  for (let i = 0; i < kept.rows.length; i++) {
    const code = table.codes[kept.rows[i]! * width + column]!;
    const customer = kept.customerIndex[i]!;
    if (isUseful[code] === 0 || kept.atMs[i]! < latestMs[customer]!) continue;
    latestMs[customer] = kept.atMs[i]!;
    codes[customer] = code;
  }
  return codes;
}
