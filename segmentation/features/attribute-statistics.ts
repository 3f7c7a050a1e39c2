import type { CustomerRecord } from '../records/tables.ts';
import { ExactSum } from './exact-sum.ts';

/** Distinct strings beyond which an attribute is taken for free text or an identifier and its counts are given up. */
export const maxDistinctValues = 50;

/** What is known of one attribute: numbers and strings apart. */
export interface AttributeSummary {
  numbers: number;
  readonly sum: ExactSum;
  readonly sumOfSquares: ExactSum;
  min: number;
  max: number;
  strings: number;
  /** Undefined once more than {@link maxDistinctValues} were seen. */
  counts: Map<string, number> | undefined;
}

/** Mergeable statistics of customer attributes; any order and split of the same records gives the same. */
export interface AttributeStatistics {
  customers: number;
  readonly attributes: Map<string, AttributeSummary>;
}

export interface EncodedAttributeStatistics {
  readonly customers: number;
  readonly attributes: readonly (readonly [
    name: string,
    numbers: number,
    sum: readonly number[],
    sumOfSquares: readonly number[],
    range: readonly [number, number] | null,
    strings: number,
    counts: readonly (readonly [string, number])[] | null,
  ])[];
}

export function initAttributes(): AttributeStatistics {
  return { customers: 0, attributes: new Map() };
}

/** Counts one customer's attributes, in place. */
export function addAttributes(statistics: AttributeStatistics, attributes: CustomerRecord['attributes']): void {
  statistics.customers++;
  for (const [name, given] of Object.entries(attributes)) {
    const summary = summaryOf(statistics, name);
    if (typeof given === 'string') {
      summary.strings++;
      count(summary, given, 1);
    } else if (Number.isFinite(given)) {
      const value = given + 0; // -0 -> 0: JSON, in which parts travel, does not know -0
      summary.numbers++;
      summary.sum.add(value);
      summary.sumOfSquares.add(value * value);
      summary.min = Math.min(summary.min, value);
      summary.max = Math.max(summary.max, value);
    }
  }
}

/** Adds `other` to `statistics`. */
export function mergeAttributes(statistics: AttributeStatistics, other: AttributeStatistics): void {
  statistics.customers += other.customers;
  for (const [name, theirs] of other.attributes) {
    const summary = summaryOf(statistics, name);
    summary.numbers += theirs.numbers;
    summary.sum.merge(theirs.sum);
    summary.sumOfSquares.merge(theirs.sumOfSquares);
    summary.min = Math.min(summary.min, theirs.min);
    summary.max = Math.max(summary.max, theirs.max);
    summary.strings += theirs.strings;
    if (theirs.counts === undefined) summary.counts = undefined;
    for (const [value, times] of theirs.counts ?? []) count(summary, value, times);
  }
}

export function encodeAttributes({ customers, attributes }: AttributeStatistics): EncodedAttributeStatistics {
  return {
    customers,
    attributes: [...attributes].map(([name, summary]) => [
      name,
      summary.numbers,
      summary.sum.toJSON(),
      summary.sumOfSquares.toJSON(),
      summary.numbers === 0 ? null : [summary.min, summary.max],
      summary.strings,
      summary.counts === undefined ? null : [...summary.counts],
    ]),
  };
}

export function decodeAttributes(encoded: EncodedAttributeStatistics): AttributeStatistics {
  const attributes = encoded.attributes.map(([name, numbers, sum, sumOfSquares, range, strings, counts]) => {
    const [min, max] = range ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const summary: AttributeSummary = {
      numbers,
      sum: new ExactSum(sum),
      sumOfSquares: new ExactSum(sumOfSquares),
      min,
      max,
      strings,
      counts: counts === null ? undefined : new Map(counts),
    };
    return [name, summary] as const;
  });
  return { customers: encoded.customers, attributes: new Map(attributes) };
}

function summaryOf(statistics: AttributeStatistics, name: string): AttributeSummary {
  let summary = statistics.attributes.get(name);
  if (summary === undefined) {
    summary = {
      numbers: 0,
      sum: new ExactSum(),
      sumOfSquares: new ExactSum(),
      min: Number.POSITIVE_INFINITY,
      max: Number.NEGATIVE_INFINITY,
      strings: 0,
      counts: new Map(),
    };
    statistics.attributes.set(name, summary);
  }
  return summary;
}

function count(summary: AttributeSummary, value: string, times: number): void {
  if (summary.counts === undefined) return;
  summary.counts.set(value, (summary.counts.get(value) ?? 0) + times);
  if (summary.counts.size > maxDistinctValues) summary.counts = undefined;
}
