import { attributeColumn } from './attribute-columns.ts';
import { type ContactField, contactCell, contactOf, customerKeys } from './customer-keys.ts';
import { type IngestContext, type IngestedRecords, noInteractions } from './ingest-context.ts';
import { settleLatestRows } from './latest-rows.ts';
import { clockToleranceMs } from './parsed-columns.ts';
import { type AttributeColumn, profileColumns } from './profile-columns.ts';
import type { CustomerRecord, Identity } from './tables.ts';

/** The rows of a customers file as customers and identities. */
export function readCustomerRows(context: IngestContext): IngestedRecords {
  const { table, recognition, verdicts } = context;
  const { codes, header } = table;
  const width = header.length;
  const keys = customerKeys(context, {
    code: 'MISSING_ID',
    message: 'The row has no customer id; fill it in, or the row cannot be joined to what the customer did.',
  });
  const profile = profileColumns(table, recognition, context.receivedAtMs);
  const attributes: AttributeColumn[] = [...profile.attributes];
  const attributeColumns = new Map<number, { isKept: boolean; why: string }>();
  const taken = new Set(attributes.map(({ name }) => name));
  recognition.fields.forEach((field, column) => {
    if (field !== undefined || recognition.reasons[column] !== '') return;
    const { attribute, why } = attributeColumn(table, column, context.receivedAtMs + clockToleranceMs);
    const isKept = attribute !== undefined && !taken.has(attribute.name);
    attributeColumns.set(column, { isKept, why: attribute && !isKept ? 'another column has that name' : why });
    if (!isKept) return;
    attributes.push(attribute);
    taken.add(attribute.name);
  });
  const contactIn = (row: number) => (field: ContactField) => {
    const column = recognition.columns.get(field);
    return column === undefined ? '' : contactCell(table.columns[column]![codes[row * width + column]!]!);
  };
  const idOf = (row: number) => keys.values[codes[row * width + keys.column]!]!;
  const customers: CustomerRecord[] = [];
  const identities: Identity[] = [];
  const { createdAt } = profile;
  for (const row of settleLatestRows(table, verdicts, [keys, ...profile.checks], idOf)) {
    const customerId = idOf(row);
    const customer = context.pseudonymOf(customerId);
    const values = attributes.flatMap(({ name, column, values: byCode }) => {
      const value = byCode[codes[row * width + column]!];
      return value === undefined ? [] : [[name, value] as const];
    });
    const createdAtMs = createdAt?.values[codes[row * width + createdAt.column]!];
    const isDated = createdAtMs !== undefined && !Number.isNaN(createdAtMs);
    customers.push({ customer, attributes: Object.fromEntries(values), ...(isDated && { createdAtMs }) });
    identities.push({ customer, customerId, ...contactOf(contactIn(row)) });
  }
  return { customers, identities, items: [], interactions: noInteractions, attributeColumns };
}
