import { type InteractionTable, type InteractionType, interactionTypes } from '../records/tables.ts';
import { dayMs } from './calendar.ts';
import { customerRuns } from './customer-runs.ts';

/** What each type of interaction says about a customer's taste, for the item's text and for what they wrote themselves. */
const itemTextWeights: Record<InteractionType, number> = {
  view: 0.2,
  search: 0.2,
  click: 0.25,
  cart: 0.5,
  wishlist: 0.5,
  purchase: 1,
  refund: -1,
  cancel: -1,
  review: 0.5,
  social: 0.3,
  support: 0.2,
  custom: 0.2,
};
const ownTextWeights: Record<InteractionType, number> = {
  view: 0.2,
  search: 0.5,
  click: 0.2,
  cart: 0.5,
  wishlist: 0.5,
  purchase: 1,
  refund: 1,
  cancel: 1,
  review: 2,
  social: 1,
  support: 1,
  custom: 0.5,
};
const itemWeightOfCode = interactionTypes.map((type) => itemTextWeights[type]);
const ownWeightOfCode = interactionTypes.map((type) => ownTextWeights[type]);
/** A rating of three stars weighs as none. */
const neutralRating = 3;

export interface TextWeightOptions {
  readonly asOfMs: number;
  /** Days after which an interaction counts half. */
  readonly halfLifeDays: number;
}

export const defaultHalfLifeDays = 180;

/** A sparse matrix [n, t] by rows: row `r` holds the entries `rowStart[r]` up to `rowStart[r + 1]`, text indices rising. */
export interface TextWeights {
  /** [n], in the order of the table's rows. */
  readonly customers: readonly string[];
  /** [t], sorted. */
  readonly textIds: readonly string[];
  /** [n + 1] */
  readonly rowStart: Int32Array;
  readonly textIndex: Int32Array;
  /** Positive. */
  readonly weights: Float32Array;
}

/**
 * How much each text says about each customer: over the interactions that touched it, the sum of
 * type weight * log2(1 + quantity) * 2^(-age / halfLife) * rating / 3. Refunds take away, but never below nothing. Unknown quantities count as one,
 * missing ratings as three stars, and items without a text as nothing.
 *
 * @param table sorted by customer, then by time
 * @param textOfItem item id -> text id
 * @throws UnsortedInteractionsError
 */
export function textWeights(
  table: InteractionTable,
  textOfItem: ReadonlyMap<string, string>,
  { asOfMs, halfLifeDays }: TextWeightOptions,
): TextWeights {
  const { customers, start } = customerRuns(table);
  const { atMs, typeCode, quantity, rating } = table;
  const { textIds, ofItem, ofText } = indexTexts(table, textOfItem);
  const weightOf = new Float64Array(textIds.length);
  const touchedBy = new Int32Array(textIds.length).fill(-1);
  const touched = new Int32Array(textIds.length);
  const rowStart = new Int32Array(customers.length + 1);
  // A row touches at most two texts, its item's and its own.
  const textIndex = new Int32Array(table.rows * 2);
  const weights = new Float32Array(table.rows * 2);
  let entries = 0;
  for (let customer = 0; customer < customers.length; customer++) {
    let count = 0;
    const touch = (text: number, weight: number): void => {
      if (touchedBy[text] !== customer) {
        touchedBy[text] = customer;
        touched[count++] = text;
        weightOf[text] = 0;
      }
      weightOf[text]! += weight;
    };
    for (let row = start[customer]!; row < start[customer + 1]!; row++) {
      const item = table.itemIndex[row]!;
      const own = table.textIndex[row]!;
      const itemText = item < 0 ? -1 : ofItem[item]!;
      if (itemText < 0 && own < 0) continue;
      const ageDays = Math.max(0, asOfMs - atMs[row]!) / dayMs;
      const units = quantity[row]!;
      const stars = rating[row]!;
      const strength =
        2 ** (-ageDays / halfLifeDays) *
        (Number.isNaN(units) ? 1 : Math.log2(1 + units)) *
        (Number.isNaN(stars) ? 1 : stars / neutralRating);
      if (itemText >= 0) touch(itemText, strength * itemWeightOfCode[typeCode[row]!]!);
      if (own >= 0) touch(ofText[own]!, strength * ownWeightOfCode[typeCode[row]!]!);
    }
    for (const text of touched.subarray(0, count).sort()) {
      if (weightOf[text]! <= 0) continue;
      textIndex[entries] = text;
      weights[entries++] = weightOf[text]!;
    }
    rowStart[customer + 1] = entries;
  }
  return { customers, textIds, rowStart, textIndex: textIndex.slice(0, entries), weights: weights.slice(0, entries) };
}

/** All texts of a table, sorted, and where the table's items and own texts stand among them; -1 for an item without one. */
function indexTexts(table: InteractionTable, textOfItem: ReadonlyMap<string, string>) {
  const itemTexts = table.items.map((item) => textOfItem.get(item));
  const textIds = [...new Set([...table.textIds, ...itemTexts.filter((id) => id !== undefined)])].sort();
  const position = new Map(textIds.map((id, index) => [id, index]));
  return {
    textIds,
    ofItem: Int32Array.from(itemTexts, (id) => (id === undefined ? -1 : position.get(id)!)),
    ofText: Int32Array.from(table.textIds, (id) => position.get(id)!),
  };
}
