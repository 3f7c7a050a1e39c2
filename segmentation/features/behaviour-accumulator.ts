import { type InteractionType, interactionTypes } from '../records/tables.ts';
import { dayOf, minuteMs } from './calendar.ts';
import { type BehaviourReading, CustomerSummary } from './customer-summary.ts';
import { addToBucket, bucketWidth, roleOfTypeCode } from './day-buckets.ts';

/** One thing a customer did, as the columns of an InteractionTable have it. */
export interface Interaction {
  readonly type: InteractionType;
  readonly atMs: number;
  readonly item?: string;
  /** NaN where unknown. */
  readonly quantity: number;
  /** NaN where unknown. */
  readonly amount: number;
  /** NaN where none. */
  readonly rating: number;
  readonly order?: string;
}

/**
 * All that the behaviour of one customer leaves behind. It is mergeable: any order and any split of the same interactions
 * reads the same, to the bit, because days hold integers and everything else is a set, a minimum or a maximum.
 */
export interface BehaviourAccumulator {
  firstEventAtMs: number;
  lastEventAtMs: number;
  firstPurchaseAtMs: number;
  lastPurchaseAtMs: number;
  /** Day -> bucket; the orders column is filled when read. */
  readonly days: Map<number, number[]>;
  /** Order -> when its first line was bought. */
  readonly orders: Map<string, number>;
  /** Items bought. */
  readonly items: Set<string>;
}

/** What {@link encodeBehaviour} gives: plain JSON, the same bytes for the same interactions. */
export interface EncodedBehaviour {
  readonly version: 1;
  readonly eventsMs: readonly [number, number] | null;
  readonly purchasesMs: readonly [number, number] | null;
  readonly days: readonly (readonly [day: number, bucket: readonly number[]])[];
  readonly orders: readonly (readonly [order: string, atMs: number])[];
  readonly items: readonly string[];
}

const typeCodes = new Map(interactionTypes.map((type, code) => [type, code]));

export function initBehaviour(): BehaviourAccumulator {
  return {
    firstEventAtMs: Number.NaN,
    lastEventAtMs: Number.NaN,
    firstPurchaseAtMs: Number.NaN,
    lastPurchaseAtMs: Number.NaN,
    days: new Map(),
    orders: new Map(),
    items: new Set(),
  };
}

/** Adds one interaction, in place. */
export function addInteraction(accumulator: BehaviourAccumulator, interaction: Interaction): void {
  const { atMs, item, order } = interaction;
  const typeCode = typeCodes.get(interaction.type)!;
  const day = dayOf(atMs);
  let bucket = accumulator.days.get(day);
  if (bucket === undefined) {
    bucket = new Array<number>(bucketWidth).fill(0);
    accumulator.days.set(day, bucket);
  }
  addToBucket(bucket, 0, typeCode, interaction.quantity, interaction.amount, interaction.rating);
  accumulator.firstEventAtMs = earlier(accumulator.firstEventAtMs, atMs);
  accumulator.lastEventAtMs = later(accumulator.lastEventAtMs, atMs);
  if (roleOfTypeCode[typeCode] !== 'purchase') return;
  accumulator.firstPurchaseAtMs = earlier(accumulator.firstPurchaseAtMs, atMs);
  accumulator.lastPurchaseAtMs = later(accumulator.lastPurchaseAtMs, atMs);
  const key = order === undefined ? minuteOrder(atMs) : `#${order}`;
  accumulator.orders.set(key, earlier(accumulator.orders.get(key) ?? Number.NaN, atMs));
  if (item !== undefined) accumulator.items.add(item);
}

/** The accumulator of all interactions of both; neither is changed. */
export function mergeBehaviour(a: BehaviourAccumulator, b: BehaviourAccumulator): BehaviourAccumulator {
  const merged: BehaviourAccumulator = {
    firstEventAtMs: earlier(a.firstEventAtMs, b.firstEventAtMs),
    lastEventAtMs: later(a.lastEventAtMs, b.lastEventAtMs),
    firstPurchaseAtMs: earlier(a.firstPurchaseAtMs, b.firstPurchaseAtMs),
    lastPurchaseAtMs: later(a.lastPurchaseAtMs, b.lastPurchaseAtMs),
    days: new Map([...a.days].map(([day, bucket]) => [day, [...bucket]])),
    orders: new Map(a.orders),
    items: new Set([...a.items, ...b.items]),
  };
  for (const [day, bucket] of b.days) {
    const own = merged.days.get(day);
    merged.days.set(day, own === undefined ? [...bucket] : own.map((value, index) => value + bucket[index]!));
  }
  for (const [order, atMs] of b.orders) {
    merged.orders.set(order, earlier(merged.orders.get(order) ?? Number.NaN, atMs));
  }
  return merged;
}

/** What the customer looks like at `asOfMs`. */
export function readBehaviour(accumulator: BehaviourAccumulator, asOfMs: number): BehaviourReading {
  const summary = new CustomerSummary();
  summary.firstEventAtMs = accumulator.firstEventAtMs;
  summary.lastEventAtMs = accumulator.lastEventAtMs;
  summary.firstPurchaseAtMs = accumulator.firstPurchaseAtMs;
  summary.lastPurchaseAtMs = accumulator.lastPurchaseAtMs;
  summary.distinctItems = accumulator.items.size;
  const offsets = new Map<number, number>();
  for (const day of [...accumulator.days.keys()].sort((a, b) => a - b)) {
    const offset = summary.openDay(day);
    summary.buckets.set(accumulator.days.get(day)!, offset);
    offsets.set(day, offset);
  }
  for (const atMs of accumulator.orders.values()) summary.addOrder(atMs, offsets.get(dayOf(atMs))!);
  return summary.read(asOfMs);
}

export function encodeBehaviour(accumulator: BehaviourAccumulator): EncodedBehaviour {
  const { firstEventAtMs, lastEventAtMs, firstPurchaseAtMs, lastPurchaseAtMs } = accumulator;
  return {
    version: 1,
    eventsMs: Number.isNaN(firstEventAtMs) ? null : [firstEventAtMs, lastEventAtMs],
    purchasesMs: Number.isNaN(firstPurchaseAtMs) ? null : [firstPurchaseAtMs, lastPurchaseAtMs],
    days: [...accumulator.days].sort(([a], [b]) => a - b),
    orders: [...accumulator.orders].sort(([a], [b]) => (a < b ? -1 : 1)),
    items: [...accumulator.items].sort(),
  };
}

export function decodeBehaviour(encoded: EncodedBehaviour): BehaviourAccumulator {
  const [firstEventAtMs, lastEventAtMs] = encoded.eventsMs ?? [Number.NaN, Number.NaN];
  const [firstPurchaseAtMs, lastPurchaseAtMs] = encoded.purchasesMs ?? [Number.NaN, Number.NaN];
  return {
    firstEventAtMs,
    lastEventAtMs,
    firstPurchaseAtMs,
    lastPurchaseAtMs,
    days: new Map(encoded.days.map(([day, bucket]) => [day, [...bucket]])),
    orders: new Map(encoded.orders),
    items: new Set(encoded.items),
  };
}

/** Purchase lines without an order id are one order per minute: one per day where the file has dates only. */
function minuteOrder(atMs: number): string {
  return `@${Math.floor(atMs / minuteMs)}`;
}

function earlier(a: number, b: number): number {
  return a <= b || Number.isNaN(b) ? a : b;
}

function later(a: number, b: number): number {
  return a >= b || Number.isNaN(b) ? a : b;
}
