import type { Field } from './column-synonyms.ts';
import { splitInteractions } from './interaction-partitions.ts';
import { readInteractionRows } from './interaction-rows.ts';
import type { RejectCode } from './reject-reasons.ts';
import type { TextTable } from './row-table.ts';
import { RowVerdicts } from './row-verdicts.ts';
import type { InteractionTable, ItemRecord } from './tables.ts';
import { TextRegistry } from './text-registry.ts';

/** One thing a customer did, as a caller of the API tells it. */
export interface ToldEvent {
  /** As files name events: `purchase`, `add_to_cart`, …; a name of the shop's own counts as `custom`. */
  readonly type: string;
  /** Date and time with its offset (RFC 3339). */
  readonly time: string;
  readonly item?: { readonly id?: string; readonly title?: string; readonly category?: string };
  /** Below 0 for what was given back. */
  readonly quantity?: number;
  /** Money of the whole line, in the shop's currency. */
  readonly amount?: number;
  /** 1 to 5 */
  readonly rating?: number;
  /** What the customer wrote. */
  readonly text?: string;
  readonly orderId?: string;
}

export interface ToldInteractions {
  /** Of one customer, by time. */
  readonly interactions: InteractionTable;
  /** Items that the events give a title. */
  readonly items: readonly ItemRecord[];
  /** Text id -> text, cleaned and scrubbed: of these items, and what the customer wrote. */
  readonly texts: ReadonlyMap<string, string>;
  /** Events that cannot be used, by their place in the list. */
  readonly rejected: readonly { readonly event: number; readonly code: RejectCode; readonly message: string }[];
}

/** What a column of the table holds of an event. */
const cells: readonly (readonly [Field, (event: ToldEvent) => string | number | undefined])[] = [
  ['time', ({ time }) => time],
  ['eventType', ({ type }) => type],
  ['itemId', ({ item }) => item?.id],
  ['title', ({ item }) => item?.title],
  ['quantity', ({ quantity }) => quantity],
  ['amount', ({ amount }) => amount],
  ['rating', ({ rating }) => rating],
  ['text', ({ text }) => text],
  ['orderId', ({ orderId }) => orderId],
];

/**
 * Reads events as the rows of an interactions file are read: the same cleaning, the same refunds, the same reasons to reject a row, and
 * of events that are equal in all they tell only one.
 */
export function readToldEvents(
  events: readonly ToldEvent[],
  options: { readonly customer: string; readonly receivedAtMs: number },
): ToldInteractions {
  const given = cells.filter(([, cellOf]) => events.some((event) => cellOf(event) !== undefined));
  const header = ['customerId', ...given.map(([field]) => field), 'category'];
  const table = tableOf(
    header,
    events.map((event) => ['-customer-', ...given.map(([, cellOf]) => cellOf(event)), event.item?.category]),
  );
  const columns = new Map<Field, number>([
    ['customerId', 0],
    ...given.map(([field], at): [Field, number] => [field, at + 1]),
  ]);
  const verdicts = new RowVerdicts(events.length);
  const texts = new TextRegistry();
  const { interactions, items } = readInteractionRows({
    table,
    recognition: { kind: 'interactions', columns, categories: [header.length - 1], fields: [], reasons: [] },
    verdicts,
    texts,
    pseudonymOf: () => options.customer,
    receivedAtMs: options.receivedAtMs,
    currency: undefined,
    note: () => {},
  });
  return {
    interactions: splitInteractions(interactions, 1)[0]!,
    items,
    texts: new Map(texts.records().map(({ textId, text }) => [textId, text])),
    rejected: verdicts.rejected.map(({ row, reason: { code, message } }) => ({ event: row, code, message })),
  };
}

/** Cells as the decoder of a file leaves them: each distinct one once, rows as codes. */
function tableOf(header: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): TextTable {
  const codes = new Int32Array(rows.length * header.length);
  const columns = header.map((_, column) => {
    const codeOf = new Map<string, number>();
    rows.forEach((row, at) => {
      const cell = String(row[column] ?? '');
      const code = codeOf.get(cell) ?? codeOf.size;
      codeOf.set(cell, code);
      codes[at * header.length + column] = code;
    });
    return [...codeOf.keys()];
  });
  return {
    header,
    columns,
    rows: rows.length,
    codes,
    lines: Int32Array.from(rows.keys(), (row) => row + 1),
    delimiter: ',',
  };
}
