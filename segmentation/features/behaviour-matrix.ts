import type { InteractionTable } from '../records/tables.ts';
import { behaviourFeatureNames, transformFeatures, writeRawFeatures } from './behaviour-features.ts';
import { dayOf, minuteMs } from './calendar.ts';
import { customerRuns } from './customer-runs.ts';
import { type BehaviourFacts, CustomerSummary } from './customer-summary.ts';
import { addToBucket, roleOfTypeCode } from './day-buckets.ts';

export interface BehaviourMatrix {
  /** [n], in the order of the table's rows. */
  readonly customers: readonly string[];
  /** [m] column names. */
  readonly names: readonly string[];
  /** [n, m] in the units of the features, NaN where missing. */
  readonly raw: Float32Array;
  /** [n, m] as clustering takes them, NaN where missing. */
  readonly features: Float32Array;
  /** [n] */
  readonly facts: readonly BehaviourFacts[];
}

/**
 * Facts and features of all customers of a table sorted by customer, then by time: the numbers that a BehaviourAccumulator per customer
 * would read, to the bit, in one pass over the columns. A customer without interactions has no features.
 * @throws UnsortedInteractionsError
 */
export function behaviourMatrix(table: InteractionTable, asOfMs: number): BehaviourMatrix {
  const { customers, start } = customerRuns(table);
  const { atMs, typeCode, quantity, amount, rating, itemIndex, orderIndex } = table;
  const width = behaviourFeatureNames.length;
  const raw = new Float32Array(customers.length * width);
  const facts: BehaviourFacts[] = [];
  const itemSeenBy = new Int32Array(table.items.length).fill(-1);
  const orderSeenBy = new Int32Array(table.orders.length).fill(-1);
  const summary = new CustomerSummary();
  for (let customer = 0; customer < customers.length; customer++) {
    summary.reset();
    const from = start[customer]!;
    const to = start[customer + 1]!;
    if (from < to) {
      summary.firstEventAtMs = atMs[from]!;
      summary.lastEventAtMs = atMs[to - 1]!;
    }
    let day = Number.NaN;
    let offset = 0;
    let lastMinute = Number.NaN;
    for (let row = from; row < to; row++) {
      const at = atMs[row]!;
      if (dayOf(at) !== day) {
        day = dayOf(at);
        offset = summary.openDay(day);
      }
      const type = typeCode[row]!;
      addToBucket(summary.buckets, offset, type, quantity[row]!, amount[row]!, rating[row]!);
      if (roleOfTypeCode[type] !== 'purchase') continue;
      if (Number.isNaN(summary.firstPurchaseAtMs)) summary.firstPurchaseAtMs = at;
      summary.lastPurchaseAtMs = at;
      const order = orderIndex[row]!;
      if (order >= 0) {
        if (orderSeenBy[order] !== customer) summary.addOrder(at, offset);
        orderSeenBy[order] = customer;
      } else {
        const minute = Math.floor(at / minuteMs);
        if (minute !== lastMinute) summary.addOrder(at, offset);
        lastMinute = minute;
      }
      const item = itemIndex[row]!;
      if (item >= 0 && itemSeenBy[item] !== customer) {
        itemSeenBy[item] = customer;
        summary.distinctItems++;
      }
    }
    const reading = summary.read(asOfMs);
    facts.push(reading.facts);
    // Of a customer without interactions nothing is known, which is not the same as having bought nothing.
    if (from === to) raw.fill(Number.NaN, customer * width, (customer + 1) * width);
    else writeRawFeatures(reading, raw, customer * width);
  }
  return { customers, names: behaviourFeatureNames, raw, features: transformFeatures(raw), facts };
}
