import {
  type AttributeStatistics,
  addAttributes,
  decodeAttributes,
  type EncodedAttributeStatistics,
  encodeAttributes,
  initAttributes,
  mergeAttributes,
} from '../features/attribute-statistics.ts';
import { behaviourFeatureNames } from '../features/behaviour-features.ts';
import type { BehaviourMatrix } from '../features/behaviour-matrix.ts';
import { dayOf, monthName, monthOf } from '../features/calendar.ts';
import { customerRuns } from '../features/customer-runs.ts';
import { fixedPoint, roleOfTypeCode } from '../features/day-buckets.ts';
import { type LifecycleStage, lifecycleStages } from '../features/lifecycle.ts';
import type { CustomerRecord, InteractionTable, ItemRecord } from '../records/tables.ts';
import { FacetCounts, facetColumns, wholeCustomer } from './facet-counts.ts';
import { type EncodedFeatureMoments, FeatureMoments } from './feature-moments.ts';
import { termsOf } from './terms.ts';

/** The totals of one segment. */
export interface SegmentTotals {
  customers: number;
  /** Customers with any purchase. */
  buyers: number;
  /** Sum over customers of 1 / their lines, in parts of `wholeCustomer`: how few choices the segment's taste is known from. */
  spread: number;
  /** Money of purchases and refunds, each in 1/10,000. */
  revenueParts: number;
  refundParts: number;
  /** Customers by lifecycle stage, in the order of `lifecycleStages`. */
  readonly stages: Float64Array;
  /** `2011-11` -> money of that month's purchases in 1/10,000, and their lines. */
  readonly months: Map<string, [revenueParts: number, lines: number]>;
  readonly features: FeatureMoments;
  readonly attributes: AttributeStatistics;
}

/**
 * What cards, names and words are made of, for k segments: mergeable, and the same bits for any split of the customers and any order. Slot k
 * holds customers of no segment, so that the slots together are the base.
 */
export interface SegmentStatistics {
  readonly k: number;
  /** [k + 1] */
  readonly slots: readonly SegmentTotals[];
  readonly items: FacetCounts;
  readonly categories: FacetCounts;
  readonly words: FacetCounts;
}

/** One partition's customers, all in the order of the table's rows. */
export interface SegmentPartition {
  /** [n] 0 to k - 1, or -1 for none. */
  readonly labels: Int32Array;
  readonly behaviour: BehaviourMatrix;
  /** [n] */
  readonly stages: readonly LifecycleStage[];
  readonly table: InteractionTable;
  /** By item id. */
  readonly items: ReadonlyMap<string, ItemRecord>;
  /** What customers wrote, by text id. */
  readonly texts: ReadonlyMap<string, string>;
  /** By customer. */
  readonly profiles: ReadonlyMap<string, CustomerRecord>;
}

export interface EncodedSegmentStatistics {
  readonly k: number;
  readonly slots: readonly {
    readonly customers: number;
    readonly buyers: number;
    readonly spread: number;
    readonly revenueParts: number;
    readonly refundParts: number;
    readonly stages: readonly number[];
    readonly months: readonly (readonly [string, readonly [number, number]])[];
    readonly features: EncodedFeatureMoments;
    readonly attributes: EncodedAttributeStatistics;
  }[];
  readonly items: readonly (readonly [string, readonly number[]])[];
  readonly categories: readonly (readonly [string, readonly number[]])[];
  readonly words: readonly (readonly [string, readonly number[]])[];
}

export function initSegmentStatistics(k: number): SegmentStatistics {
  return {
    k,
    slots: Array.from({ length: k + 1 }, () => ({
      customers: 0,
      buyers: 0,
      spread: 0,
      revenueParts: 0,
      refundParts: 0,
      stages: new Float64Array(lifecycleStages.length),
      months: new Map(),
      features: new FeatureMoments(behaviourFeatureNames.length),
      attributes: initAttributes(),
    })),
    items: new FacetCounts(k + 1),
    categories: new FacetCounts(k + 1),
    words: new FacetCounts(k + 1),
  };
}

/** Adds the customers of a partition, in place. No customer may be in two partitions. */
export function addPartition(statistics: SegmentStatistics, partition: SegmentPartition): void {
  const { labels, behaviour, stages, profiles } = partition;
  const width = behaviour.names.length;
  for (let row = 0; row < labels.length; row++) {
    const slot = statistics.slots[slotOf(statistics, labels[row]!)]!;
    slot.customers++;
    if (behaviour.facts[row]!.lines > 0) slot.buyers++;
    slot.stages[lifecycleStages.indexOf(stages[row]!)]! += 1;
    slot.features.add(behaviour.raw, behaviour.features, row * width);
    addAttributes(slot.attributes, profiles.get(behaviour.customers[row]!)?.attributes ?? {});
  }
  addMoney(statistics, partition);
  addFacets(statistics, partition);
}

/** Adds `other` to `statistics`. */
export function mergeSegmentStatistics(statistics: SegmentStatistics, other: SegmentStatistics): void {
  statistics.slots.forEach((slot, index) => {
    const theirs = other.slots[index]!;
    slot.customers += theirs.customers;
    slot.buyers += theirs.buyers;
    slot.spread += theirs.spread;
    slot.revenueParts += theirs.revenueParts;
    slot.refundParts += theirs.refundParts;
    for (let stage = 0; stage < slot.stages.length; stage++) slot.stages[stage]! += theirs.stages[stage]!;
    for (const [month, [revenueParts, lines]] of theirs.months) addMonth(slot, month, revenueParts, lines);
    slot.features.merge(theirs.features);
    mergeAttributes(slot.attributes, theirs.attributes);
  });
  statistics.items.merge(other.items);
  statistics.categories.merge(other.categories);
  statistics.words.merge(other.words);
}

/** Whether the files say anything of a segment's customers: something that one of them did, or an attribute. */
export function isAnythingKnown({ features, attributes }: SegmentTotals): boolean {
  return !features.isEmpty || attributes.attributes.size > 0;
}

/** The totals of all customers together. */
export function baseTotals(statistics: SegmentStatistics): SegmentTotals {
  const all = initSegmentStatistics(0);
  for (const slot of statistics.slots) mergeSegmentStatistics(all, { ...initSegmentStatistics(0), slots: [slot] });
  return all.slots[0]!;
}

export function encodeSegmentStatistics(statistics: SegmentStatistics): EncodedSegmentStatistics {
  return {
    k: statistics.k,
    slots: statistics.slots.map((slot) => ({
      ...slot,
      stages: [...slot.stages],
      months: [...slot.months],
      features: slot.features.toJSON(),
      attributes: encodeAttributes(slot.attributes),
    })),
    items: statistics.items.toJSON(),
    categories: statistics.categories.toJSON(),
    words: statistics.words.toJSON(),
  };
}

export function decodeSegmentStatistics(encoded: EncodedSegmentStatistics): SegmentStatistics {
  const slots = encoded.k + 1;
  return {
    k: encoded.k,
    slots: encoded.slots.map((slot) => ({
      ...slot,
      stages: Float64Array.from(slot.stages),
      months: new Map(slot.months.map(([month, [revenueParts, lines]]) => [month, [revenueParts, lines]])),
      features: FeatureMoments.decode(slot.features),
      attributes: decodeAttributes(slot.attributes),
    })),
    items: new FacetCounts(slots, encoded.items),
    categories: new FacetCounts(slots, encoded.categories),
    words: new FacetCounts(slots, encoded.words),
  };
}

function slotOf(statistics: SegmentStatistics, label: number): number {
  return label < 0 ? statistics.k : label;
}

function addMonth(slot: SegmentTotals, month: string, revenueParts: number, lines: number): void {
  const total = slot.months.get(month);
  if (total === undefined) slot.months.set(month, [revenueParts, lines]);
  else {
    total[0] += revenueParts;
    total[1] += lines;
  }
}

function addMoney(statistics: SegmentStatistics, { table, labels }: SegmentPartition): void {
  const { start } = customerRuns(table);
  for (let customer = 0; customer < labels.length; customer++) {
    const slot = statistics.slots[slotOf(statistics, labels[customer]!)]!;
    let month = Number.NaN;
    let revenueParts = 0;
    let lines = 0;
    for (let row = start[customer]!; row < start[customer + 1]!; row++) {
      const role = roleOfTypeCode[table.typeCode[row]!];
      if (role !== 'purchase' && role !== 'refund') continue;
      const amount = table.amount[row]!;
      const parts = Number.isNaN(amount) ? 0 : Math.round(amount * fixedPoint);
      if (role === 'refund') {
        slot.refundParts += parts;
        continue;
      }
      slot.revenueParts += parts;
      const rowMonth = monthOf(dayOf(table.atMs[row]!));
      if (rowMonth !== month) {
        if (lines > 0) addMonth(slot, monthName(month), revenueParts, lines);
        month = rowMonth;
        revenueParts = 0;
        lines = 0;
      }
      revenueParts += parts;
      lines++;
    }
    if (lines > 0) addMonth(slot, monthName(month), revenueParts, lines);
  }
}

/** The facets that lines of a partition name, numbered, with the counts each adds to. */
class FacetIndex {
  readonly counts: Float64Array[] = [];
  readonly #numbers = new Map<Float64Array, number>();

  numberOf(counts: Float64Array): number {
    let number = this.#numbers.get(counts);
    if (number === undefined) {
      number = this.counts.length;
      this.counts.push(counts);
      this.#numbers.set(counts, number);
    }
    return number;
  }
}

/**
 * A customer chooses what they buy; who bought nothing is judged by whatever else they touched and did not give back. What they
 * wrote counts as a line of its words.
 */
function addFacets(statistics: SegmentStatistics, partition: SegmentPartition): void {
  const { table, labels, items, texts } = partition;
  const { start } = customerRuns(table);
  const index = new FacetIndex();
  const ofItem = table.items.map((id) => {
    const record = items.get(id);
    const categories = [...new Set(record?.categoryPath)];
    const own = [statistics.items.of(id), ...categories.map((category) => statistics.categories.of(category))];
    const words = record === undefined ? [] : [...termsOf(record.title)].map((term) => statistics.words.of(term));
    return Int32Array.from([...own, ...words], (counts) => index.numberOf(counts));
  });
  const ofText = table.textIds.map((id) =>
    Int32Array.from(termsOf(texts.get(id) ?? ''), (term) => index.numberOf(statistics.words.of(term))),
  );
  const countedFor = new Int32Array(index.counts.length).fill(-1);
  for (let customer = 0; customer < labels.length; customer++) {
    const slot = slotOf(statistics, labels[customer]!);
    const at = slot * facetColumns;
    const from = start[customer]!;
    const to = start[customer + 1]!;
    const bought = table.typeCode.subarray(from, to).some((code) => roleOfTypeCode[code] === 'purchase');
    const chosen = (row: number): boolean => {
      const role = roleOfTypeCode[table.typeCode[row]!];
      return table.itemIndex[row]! >= 0 && (bought ? role === 'purchase' : role !== 'refund');
    };
    let lines = 0;
    for (let row = from; row < to; row++) lines += Number(chosen(row)) + Number(table.textIndex[row]! >= 0);
    if (lines === 0) continue;
    const attention = Math.round(wholeCustomer / lines);
    statistics.slots[slot]!.spread += attention;
    const count = (facets: Int32Array): void => {
      for (let position = 0; position < facets.length; position++) {
        const facet = facets[position]!;
        const counts = index.counts[facet]!;
        if (countedFor[facet] !== customer) {
          countedFor[facet] = customer;
          counts[at]! += 1;
        }
        counts[at + 1]! += 1;
        counts[at + 2]! += attention;
      }
    };
    for (let row = from; row < to; row++) {
      if (chosen(row)) count(ofItem[table.itemIndex[row]!]!);
      const text = table.textIndex[row]!;
      if (text >= 0) count(ofText[text]!);
    }
  }
}
