import { type FacetCounts, facetColumns, wholeCustomer } from './facet-counts.ts';
import type { SegmentStatistics } from './segment-statistics.ts';
import { describingWords } from './stop-words.ts';

/** A facet (word, category, item) that a segment chooses more than all customers do. */
export interface DistinctiveFacet {
  readonly facet: string;
  /** Customers of the segment who chose it. */
  readonly customers: number;
  /** Part of the segment's attention that goes to it, 0 to 1: each customer counts one, in equal parts to their lines. */
  readonly share: number;
  /** `share` over the share of all customers. */
  readonly lift: number;
  /** How far it sets the segment apart; comparable within one list. */
  readonly score: number;
}

/** What a facet needs to be looked at. */
export interface FacetSupport {
  readonly minCustomers: number;
  /** Of the segment's customers. */
  readonly minCustomerShare: number;
  readonly minLift: number;
}

export const wordSupport: FacetSupport = { minCustomers: 5, minCustomerShare: 0.03, minLift: 1.1 };
export const itemSupport: FacetSupport = { minCustomers: 5, minCustomerShare: 0.01, minLift: 1.2 };

/** Standard errors by which a share must exceed the base's; four, since thousands of facets are compared. */
const minDeviations = 4;
/** A pair of words stands for one of its words when it makes up this part of the word's uses. */
const pairDominance = 0.6;

/**
 * Class-based TF-IDF: `tf * ln(1 + a / f)` for k classes and v terms, where tf is the term's part of its class, f its frequency over all
 * classes and a the mean frequency of a class (Grootendorst 2022, "BERTopic", section 3.3).
 *
 * @param frequencies [k, v]
 * @returns [k, v]
 */
export function classTfIdf(frequencies: Float64Array, k: number): Float64Array {
  const v = frequencies.length / k;
  const ofClass = new Float64Array(k);
  const ofTerm = new Float64Array(v);
  for (let c = 0; c < k; c++) {
    for (let term = 0; term < v; term++) {
      const frequency = frequencies[c * v + term]!;
      ofClass[c]! += frequency;
      ofTerm[term]! += frequency;
    }
  }
  const meanOfClass = ofClass.reduce((sum, frequency) => sum + frequency, 0) / k;
  return frequencies.map((frequency, index) => {
    const term = index % v;
    const whole = ofClass[(index - term) / v]!;
    return frequency === 0 ? 0 : (frequency / whole) * Math.log1p(meanOfClass / ofTerm[term]!);
  });
}

/**
 * For each of the k segments the facets it chooses more than all customers do, best first: [k][at most `limit`]. The score is c-TF-IDF of the customers' attention
 * times ln(lift), since c-TF-IDF alone puts what everybody buys on top of every list. A facet counts only if its share exceeds
 * the base's by four standard errors, the segment's attention taken for a sample of (customers² / sum of 1 / lines) choices.
 */
export function distinctiveFacets(
  statistics: SegmentStatistics,
  counts: FacetCounts,
  support: FacetSupport,
  limit: number,
): DistinctiveFacet[][] {
  const { k, slots } = statistics;
  const facets = counts.entries();
  const attention = new Float64Array((k + 1) * facets.length);
  facets.forEach(([, own], index) => {
    for (let slot = 0; slot <= k; slot++) attention[slot * facets.length + index] = own[slot * facetColumns + 2]!;
  });
  const weights = classTfIdf(attention, k + 1);
  const everyone = slots.reduce((sum, { customers }) => sum + customers, 0) * wholeCustomer;
  return slots.slice(0, k).map((slot, segment) => {
    const found: DistinctiveFacet[] = [];
    const choices = (slot.customers ** 2 * wholeCustomer) / slot.spread;
    facets.forEach(([facet, own], index) => {
      const customers = own[segment * facetColumns]!;
      if (customers < Math.max(support.minCustomers, support.minCustomerShare * slot.customers)) return;
      let all = 0;
      for (let other = 0; other <= k; other++) all += own[other * facetColumns + 2]!;
      const share = own[segment * facetColumns + 2]! / (slot.customers * wholeCustomer);
      const base = all / everyone;
      const lift = share / base;
      if (lift < support.minLift || share - base < minDeviations * Math.sqrt((base * (1 - base)) / choices)) return;
      found.push({ facet, customers, share, lift, score: weights[segment * facets.length + index]! * Math.log(lift) });
    });
    return found.sort((a, b) => b.score - a.score || (a.facet < b.facet ? -1 : 1)).slice(0, limit);
  });
}

/** The words and pairs of words that set each segment apart, best first; of terms that say the same, one. */
export function distinctiveWords(statistics: SegmentStatistics, limit: number): DistinctiveFacet[][] {
  const candidates = distinctiveFacets(statistics, statistics.words, wordSupport, limit * 8);
  return candidates.map((found) => withoutRepetition(found).slice(0, limit));
}

/** The categories that set each segment apart, best first. */
export function distinctiveCategories(statistics: SegmentStatistics, limit: number): DistinctiveFacet[][] {
  return distinctiveFacets(statistics, statistics.categories, wordSupport, limit);
}

/** Leaves out a word that a kept pair says better, and what only says again what pairs of words before it said. */
function withoutRepetition(found: readonly DistinctiveFacet[]): DistinctiveFacet[] {
  const kept: DistinctiveFacet[] = [];
  const alone = new Set<string>();
  const paired = new Set<string>();
  for (const candidate of found) {
    const words = candidate.facet
      .split(' ')
      .filter((word) => !describingWords.has(word))
      .map(stem);
    const isPair = candidate.facet.includes(' ');
    if (!isPair && found.some((other) => dominates(other, candidate))) continue;
    if (words.some((word) => paired.has(word)) || words.every((word) => alone.has(word))) continue;
    for (const word of words) (isPair ? paired : alone).add(word);
    kept.push(candidate);
  }
  return kept;
}

function dominates(pair: DistinctiveFacet, word: DistinctiveFacet): boolean {
  return (
    pair.facet !== word.facet && pair.facet.split(' ').includes(word.facet) && pair.share >= pairDominance * word.share
  );
}

function stem(word: string): string {
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}
