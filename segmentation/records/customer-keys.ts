import { isMissing } from './identifiers.ts';
import type { IngestContext } from './ingest-context.ts';
import { identifierColumn, type ParsedColumn } from './parsed-columns.ts';
import type { RejectReason } from './reject-reasons.ts';
import type { Identity } from './tables.ts';

/** Raw ids of the customers of a file, from the column that knows them best. */
export function customerKeys(context: IngestContext, ifMissing: RejectReason): ParsedColumn<readonly string[]> {
  const { columns } = context.recognition;
  const idColumn = columns.get('customerId');
  if (idColumn !== undefined) return identifierColumn(context.table, idColumn, ifMissing);
  const emailColumn = columns.get('email');
  const keys = identifierColumn(context.table, emailColumn ?? columns.get('phone')!, ifMissing);
  context.note(
    `No column holds customer ids; the ${emailColumn === undefined ? 'phone number' : 'e-mail address'} stands for them.`,
  );
  return { ...keys, values: keys.values.map((key) => key.toLowerCase()) };
}

export const contactFields = ['fullName', 'firstName', 'lastName', 'email', 'phone'] as const;
export type ContactField = (typeof contactFields)[number];

/** A cell with contact data as the identity table keeps it; empty where there is none. */
export function contactCell(cell: string): string {
  return isMissing(cell) ? '' : cell.trim().replace(/^'/, '').normalize('NFC').slice(0, 256);
}

/** What the identity table keeps beside the id. A name in Han characters is family name first, without a space. */
export function contactOf(contactIn: (field: ContactField) => string): Pick<Identity, 'name' | 'email' | 'phone'> {
  const first = contactIn('firstName');
  const last = contactIn('lastName');
  const isHan = /^\p{Script=Han}+$/u.test(last + first);
  const name = contactIn('fullName') || (isHan ? last + first : `${first} ${last}`.trim());
  const email = contactIn('email').toLowerCase();
  const phone = contactIn('phone');
  return { ...(name && { name }), ...(email && { email }), ...(phone && { phone }) };
}
