import { customerKeys } from './customer-keys.ts';
import { typeOfEvent } from './event-types.ts';
import { isMissing } from './identifiers.ts';
import type { IngestContext } from './ingest-context.ts';
import { negativePrice } from './item-rows.ts';
import { countCodes, identifierColumn, numberColumn, type ParsedColumn, timeColumn } from './parsed-columns.ts';
import { ratingColumn } from './rating-scale.ts';
import type { RejectReason } from './reject-reasons.ts';
import type { TextTable } from './row-table.ts';
import { type InteractionType, interactionTypes } from './tables.ts';

/** No event is named: the type follows from what the row holds. */
export const untyped = 255;

/** The columns of an interactions file, each distinct cell parsed once. */
export interface InteractionColumns {
  readonly keys: ParsedColumn<readonly string[]>;
  readonly time: ParsedColumn<Float64Array>;
  readonly itemId: ParsedColumn<readonly string[]> | undefined;
  readonly orderId: ParsedColumn<readonly string[]> | undefined;
  readonly quantity: ParsedColumn<Float64Array> | undefined;
  readonly price: ParsedColumn<Float64Array> | undefined;
  readonly amount: ParsedColumn<Float64Array> | undefined;
  readonly rating: ParsedColumn<Float64Array> | undefined;
  /** Codes of {@link interactionTypes} by the code of a cell, or {@link untyped}. */
  readonly eventType: { readonly column: number; readonly values: Uint8Array } | undefined;
  /** The type of a row whose event is not named. */
  readonly usualType: number;
  /** In the order in which a row is checked. */
  readonly checks: readonly ParsedColumn<unknown>[];
}

/** The code of a type, as tables store it. */
export function codeOfType(type: InteractionType): number {
  return interactionTypes.indexOf(type);
}

export function interactionColumns(context: IngestContext): InteractionColumns {
  const { table, recognition, note } = context;
  const { columns } = recognition;
  const column = <T>(field: Parameters<typeof columns.get>[0], parse: (column: number) => T): T | undefined => {
    const index = columns.get(field);
    return index === undefined ? undefined : parse(index);
  };
  const name = (index: number) => table.header[index]!;

  const keys = customerKeys(context, {
    code: 'MISSING_CUSTOMER',
    message: 'The row names no customer, so it tells nothing about one; fill the customer id in if it is known.',
  });
  const timeIndex = columns.get('time')!;
  const time = timeColumn(table, timeIndex, context.receivedAtMs, {
    code: 'MISSING_TIME',
    message: `The row has no time in column "${name(timeIndex)}"; fill it in.`,
  });
  if (time.evidence) note(`Dates in column "${name(timeIndex)}" are read ${time.order}: ${time.evidence}.`);
  const itemId = column('itemId', (index) => identifierColumn(table, index));
  const orderId = column('orderId', (index) => identifierColumn(table, index));
  const quantity = column('quantity', (index) =>
    numberColumn(table, index, (value) => (value === 0 ? zeroQuantity(name(index)) : undefined)),
  );
  const price = column('price', (index) =>
    numberColumn(table, index, (value) => (value < 0 ? negativePrice(name(index)) : undefined)),
  );
  const amount = column('amount', (index) => numberColumn(table, index));
  const rating = column('rating', (index) => ratingColumn(table, index));
  if (rating && rating.scale !== 5) note(`Ratings are on a scale up to ${rating.scale}; they are kept on 1 to 5.`);
  const currency = column('currency', (index) => currencyColumn(table, index, context.currency));
  const eventType = column('eventType', (index) => ({
    column: index,
    values: Uint8Array.from(table.columns[index]!, (cell) =>
      isMissing(cell) ? untyped : codeOfType(typeOfEvent(cell)),
    ),
  }));
  const usualType = typeByColumns(context);
  if (!eventType) note(`No column names the event; rows are taken for a ${usualType}.`);
  const optional = [itemId, orderId, quantity, price, amount, rating?.parsed, currency];
  return {
    keys,
    time,
    itemId,
    orderId,
    quantity,
    price,
    amount,
    rating: rating?.parsed,
    eventType,
    usualType: codeOfType(usualType),
    checks: [keys, time, ...optional.filter((parsed) => parsed !== undefined)],
  };
}

/** Money, units or an order make a purchase; words or stars a review; an item alone is the weakest claim, a view. */
function typeByColumns({ recognition: { columns } }: IngestContext): InteractionType {
  const hasAny = (...fields: Parameters<typeof columns.has>[0][]) => fields.some((field) => columns.has(field));
  if (hasAny('amount', 'quantity', 'price', 'orderId')) return 'purchase';
  return hasAny('text', 'rating') ? 'review' : 'view';
}

function zeroQuantity(column: string): RejectReason {
  return { code: 'ZERO_QUANTITY', message: `The quantity in column "${column}" is 0: nothing was bought or returned.` };
}

/** Amounts of different currencies cannot be added: rows in another than the shop's (or the file's most frequent) are at fault. */
function currencyColumn(table: TextTable, column: number, shops: string | undefined): ParsedColumn<readonly string[]> {
  const values = table.columns[column]!.map((cell) => (isMissing(cell) ? '' : cell.trim().toUpperCase()));
  const rows = new Map<string, number>();
  countCodes(table, column).forEach((count, code) => {
    const currency = values[code]!;
    if (currency) rows.set(currency, (rows.get(currency) ?? 0) + count);
  });
  const expected = shops?.toUpperCase() ?? [...rows].sort((a, b) => b[1] - a[1])[0]?.[0];
  const foreign: RejectReason = {
    code: 'FOREIGN_CURRENCY',
    message: `The currency in column "${table.header[column]}" is not ${expected}, that of the rest; convert the amount.`,
  };
  return {
    column,
    values,
    faults: values.map((currency) => (currency && currency !== expected ? foreign : undefined)),
  };
}
