import { meanGapDays } from './behaviour-features.ts';
import { dayMs } from './calendar.ts';
import type { BehaviourFacts } from './customer-summary.ts';
import type { ValueCounts } from './value-counts.ts';

/** Where a customer stands with the shop, in the order of their codes. Codes are stored: append only. */
export const lifecycleStages = ['prospect', 'new', 'active', 'at risk', 'dormant', 'churned'] as const;
export type LifecycleStage = (typeof lifecycleStages)[number];

export interface LifecycleRule {
  /** Median over repeat customers of their mean days between purchases. */
  readonly typicalGapDays: number;
  readonly repeatCustomers: number;
}

/** Stands for the shop's rhythm while nobody has bought on two days yet. */
const assumedGapDays = 90;
/** A customer's own gap counts one for each gap seen, the shop's typical gap as this many. */
const typicalGapWeight = 2;
/**
 * Silence in expected gaps up to which a customer is active, at risk and dormant. Were gaps exponential, a living customer would stay
 * silent longer with a chance of 13.5 %, 5 % and 0.7 %.
 */
const silenceLimits = { active: 2, atRisk: 3, dormant: 5 } as const;

/** Counts a customer's mean gap; merge the counts of partitions, then {@link fitLifecycle}. */
export function addGap(gaps: ValueCounts, facts: BehaviourFacts): void {
  gaps.add(meanGapDays({ facts }));
}

export function fitLifecycle(gaps: ValueCounts): LifecycleRule {
  return {
    typicalGapDays: gaps.total === 0 ? assumedGapDays : gaps.quantiles([0.5])[0]!,
    repeatCustomers: gaps.total,
  };
}

/**
 * The stage by the customer's silence against the gap to expect of them: their own mean gap, shrunk to the shop's typical one.
 * `new` is a first purchase within the active limit; `prospect` never bought.
 */
export function lifecycleStage(rule: LifecycleRule, facts: BehaviourFacts, asOfMs: number): LifecycleStage {
  if (facts.orders === 0) return 'prospect';
  const gaps = facts.purchaseDays - 1;
  const own = gaps === 0 ? 0 : meanGapDays({ facts }) * gaps;
  const expectedDays = (own + rule.typicalGapDays * typicalGapWeight) / (gaps + typicalGapWeight);
  const silence = Math.max(0, asOfMs - facts.lastPurchaseAtMs) / dayMs / expectedDays;
  if (silence <= silenceLimits.active) return gaps === 0 ? 'new' : 'active';
  if (silence <= silenceLimits.atRisk) return 'at risk';
  return silence <= silenceLimits.dormant ? 'dormant' : 'churned';
}
