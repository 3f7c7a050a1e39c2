import type { CustomerRow } from '../../contracts/customer-rows.ts';
import type { CustomerFacts } from '../../contracts/runs.ts';
import type { SegmentCard } from '../../contracts/segments.ts';
import type { BehaviourFacts } from '../../segmentation/features/customer-summary.ts';

/** What is said of a customer's segment and facts, the same in published rows and of customers that are not published. */

const alternativesPerCustomer = 2;

/** The likeliest segments besides that of class `label`. */
export function alternativesTo(
  label: number,
  probabilities: Float64Array,
  cards: readonly SegmentCard[],
): CustomerRow['alternatives'] {
  return [...probabilities.entries()]
    .filter(([other]) => other !== label)
    .sort(([, a], [, b]) => b - a)
    .slice(0, alternativesPerCustomer)
    .map(([other, probability]) => {
      const { segmentId, name } = cards[other] as SegmentCard;
      return { id: segmentId, name, probability: roundedProbability(probability) };
    });
}

/** Four decimals: more would write a new row for a change that nobody can act on. */
export function roundedProbability(probability: number): number {
  return Math.round(probability * 10_000) / 10_000;
}

export function customerFacts(facts: BehaviourFacts): CustomerFacts {
  return {
    firstPurchaseAt: isoOrNull(facts.firstPurchaseAtMs),
    lastPurchaseAt: isoOrNull(facts.lastPurchaseAtMs),
    lastEventAt: isoOrNull(facts.lastEventAtMs),
    orders: facts.orders,
    lines: facts.lines,
    units: facts.units,
    revenue: facts.revenue,
    refundAmount: facts.refundAmount,
    distinctItems: facts.distinctItems,
    reviews: facts.reviews,
    meanRating: Number.isNaN(facts.meanRating) ? null : facts.meanRating,
  };
}

/** Whether a customer has too little history for the figures to mean much. */
export function isDataPartial({ orders, reviews }: BehaviourFacts): boolean {
  return orders < 2 && reviews === 0;
}

function isoOrNull(ms: number): string | null {
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
