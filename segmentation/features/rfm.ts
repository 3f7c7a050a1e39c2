import { dayMs } from './calendar.ts';
import type { BehaviourFacts } from './customer-summary.ts';
import { ValueCounts } from './value-counts.ts';

/** The population's recency (days), frequency (orders) and monetary value (revenue after refunds): mergeable. */
export interface RfmPopulation {
  readonly recencyDays: ValueCounts;
  readonly orders: ValueCounts;
  readonly revenue: ValueCounts;
}

/** The 20, 40, 60 and 80 % quantiles of each, rising. */
export interface RfmQuantiles {
  readonly recencyDays: readonly number[];
  readonly orders: readonly number[];
  readonly revenue: readonly number[];
}

/** 1 (worst) to 5 (best) each: a customer who bought lately scores a high recency. */
export interface RfmScores {
  readonly recency: number;
  readonly frequency: number;
  readonly monetary: number;
}

const quintiles = [0.2, 0.4, 0.6, 0.8] as const;

export function initRfm(): RfmPopulation {
  return { recencyDays: new ValueCounts(), orders: new ValueCounts(), revenue: new ValueCounts() };
}

/** Counts one customer; who never bought is not part of the population. */
export function addToRfm(population: RfmPopulation, facts: BehaviourFacts, asOfMs: number): void {
  if (facts.orders === 0) return;
  const { recencyDays, orders, revenue } = rfmValues(facts, asOfMs);
  population.recencyDays.add(recencyDays);
  population.orders.add(orders);
  population.revenue.add(revenue);
}

/** Adds `other` to `population`. */
export function mergeRfm(population: RfmPopulation, other: RfmPopulation): void {
  population.recencyDays.merge(other.recencyDays);
  population.orders.merge(other.orders);
  population.revenue.merge(other.revenue);
}

export function fitRfmQuantiles(population: RfmPopulation): RfmQuantiles {
  return {
    recencyDays: population.recencyDays.quantiles(quintiles),
    orders: population.orders.quantiles(quintiles),
    revenue: population.revenue.quantiles(quintiles),
  };
}

/** Scores by quintile: one more than the number of quantiles a value exceeds, so equal values score the same. Nothing for who never bought. */
export function scoreRfm(quantiles: RfmQuantiles, facts: BehaviourFacts, asOfMs: number): RfmScores | undefined {
  if (facts.orders === 0) return undefined;
  const { recencyDays, orders, revenue } = rfmValues(facts, asOfMs);
  return {
    recency: 5 - exceeded(quantiles.recencyDays, recencyDays),
    frequency: 1 + exceeded(quantiles.orders, orders),
    monetary: 1 + exceeded(quantiles.revenue, revenue),
  };
}

function rfmValues(facts: BehaviourFacts, asOfMs: number) {
  return {
    recencyDays: Math.max(0, Math.floor((asOfMs - facts.lastPurchaseAtMs) / dayMs)),
    orders: facts.orders,
    revenue: facts.revenue - facts.refundAmount,
  };
}

function exceeded(edges: readonly number[], value: number): number {
  const rounded = Number(value.toPrecision(3));
  return edges.filter((edge) => rounded > edge).length;
}
