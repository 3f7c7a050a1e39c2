import { redactContactData } from '../privacy/redaction.ts';
import { contentHash } from './content-hash.ts';
import { DuplicateRows } from './duplicate-rows.ts';
import { isMissing } from './identifiers.ts';
import type { IngestContext, IngestedRecords } from './ingest-context.ts';
import { codeOfType, interactionColumns, untyped } from './interaction-columns.ts';
import { customersOfRows, identitiesOfRows } from './interaction-customers.ts';
import { InteractionItems } from './interaction-items.ts';
import { type ParsedColumn, rowFault } from './parsed-columns.ts';
import { profileColumns } from './profile-columns.ts';
import type { RejectReason } from './reject-reasons.ts';
import { CodedRoster, Roster } from './roster.ts';
import { cleanText } from './text-cleaning.ts';

const purchase = codeOfType('purchase');
const refund = codeOfType('refund');

const nothingDone: RejectReason = {
  code: 'MISSING_ITEM',
  message:
    'The row names no item, text, amount, order or event, so it does not say what the customer did; fill one in.',
};

/**
 * The rows of an interactions file (order lines, reviews, events) as interactions, with the customers, items and texts that they name.
 * A negative quantity or amount is a refund, kept positive. A price of 0 is kept, with amount 0: the customer did take the item.
 */
export function readInteractionRows(context: IngestContext): IngestedRecords {
  const { table, recognition, verdicts, texts } = context;
  const { codes, rows } = table;
  const width = table.header.length;
  const columns = interactionColumns(context);
  const profile = profileColumns(table, recognition, context.receivedAtMs);
  const checks = [...columns.checks, ...profile.checks].filter(({ faults }) => faults);

  const customers = new CodedRoster(columns.keys.values.length, new Roster(), (code) =>
    context.pseudonymOf(columns.keys.values[code]!),
  );
  const items = new InteractionItems(context, columns);
  const orders = new CodedRoster(columns.orderId?.values.length ?? 0, new Roster(), (code) => {
    const orderId = columns.orderId!.values[code]!;
    return orderId && contentHash(`order\0${orderId}`);
  });
  const textColumn = recognition.columns.get('text');
  const written = textColumn === undefined ? undefined : table.columns[textColumn]!;
  const textIds = new CodedRoster(written?.length ?? 0, new Roster(), (code) => {
    const text = isMissing(written![code]!) ? '' : redactContactData(cleanText(written![code]!));
    return text && texts.add(text);
  });
  const duplicates = new DuplicateRows(codes, rows, width);

  const acceptedRows = new Int32Array(rows);
  const customerIndex = new Int32Array(rows);
  const typeCode = new Uint8Array(rows);
  const atMs = new Float64Array(rows);
  const itemIndex = new Int32Array(rows);
  const quantity = new Float64Array(rows);
  const amount = new Float64Array(rows);
  const rating = new Float64Array(rows);
  const textIndex = new Int32Array(rows);
  const orderIndex = new Int32Array(rows);
  const numberIn = (column: ParsedColumn<Float64Array> | undefined, base: number) =>
    column ? column.values[codes[base + column.column]!]! : Number.NaN;

  let n = 0;
  for (let row = 0; row < rows; row++) {
    if (verdicts.isSettled(row)) continue;
    const fault = rowFault(table, row, checks);
    if (fault) {
      verdicts.reject(row, fault);
      continue;
    }
    const base = row * width;
    const units = numberIn(columns.quantity, base);
    const price = numberIn(columns.price, base);
    const given = numberIn(columns.amount, base);
    const money = Number.isNaN(given) ? price * (columns.quantity ? units : 1) : given;
    const event = columns.eventType ? columns.eventType.values[codes[base + columns.eventType.column]!]! : untyped;
    const hasItem = items.isNamedBy(base);
    const hasText = textColumn !== undefined && !isMissing(written![codes[base + textColumn]!]!);
    const hasOrder =
      columns.orderId !== undefined && columns.orderId.values[codes[base + columns.orderId.column]!] !== '';
    if (!hasItem && !hasText && !hasOrder && event === untyped && Number.isNaN(money)) {
      verdicts.reject(row, nothingDone);
      continue;
    }
    if (duplicates.isRepeat(row)) {
      verdicts.repeat(row);
      continue;
    }
    verdicts.accept(row);
    const named = event === untyped ? columns.usualType : event;
    const type = named === purchase && (units < 0 || money < 0) ? refund : named;
    const isTrade = type === purchase || type === refund;
    acceptedRows[n] = row;
    customerIndex[n] = customers.indexOf(codes[base + columns.keys.column]!);
    typeCode[n] = type;
    atMs[n] = columns.time.values[codes[base + columns.time.column]!]!;
    itemIndex[n] = items.indexOf(base, type === purchase ? price : Number.NaN);
    quantity[n] = columns.quantity ? Math.abs(units) : isTrade ? 1 : Number.NaN;
    amount[n] = Math.abs(money);
    rating[n] = numberIn(columns.rating, base);
    textIndex[n] = textColumn === undefined ? -1 : textIds.indexOf(codes[base + textColumn]!);
    orderIndex[n] = columns.orderId ? orders.indexOf(codes[base + columns.orderId.column]!) : -1;
    n++;
  }

  const names = customers.roster.names;
  const kept = { rows: acceptedRows.subarray(0, n), customerIndex, atMs, pseudonyms: names };
  return {
    customers: customersOfRows(table, kept, profile.attributes),
    identities: identitiesOfRows(context, kept, columns.keys),
    items: items.records(),
    interactions: {
      rows: n,
      customers: names,
      customerIndex: customerIndex.slice(0, n),
      typeCode: typeCode.slice(0, n),
      atMs: atMs.slice(0, n),
      items: items.ids,
      itemIndex: itemIndex.slice(0, n),
      quantity: quantity.slice(0, n),
      amount: amount.slice(0, n),
      rating: rating.slice(0, n),
      textIds: textIds.roster.names,
      textIndex: textIndex.slice(0, n),
      orders: orders.roster.names,
      orderIndex: orderIndex.slice(0, n),
    },
    attributeColumns: new Map(),
  };
}
