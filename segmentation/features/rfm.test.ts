import { describe, expect, test } from 'vitest';
import type { BehaviourFacts } from './customer-summary.ts';
import { addGap, fitLifecycle, lifecycleStage } from './lifecycle.ts';
import { addToRfm, fitRfmQuantiles, initRfm, mergeRfm, scoreRfm } from './rfm.ts';
import { ValueCounts } from './value-counts.ts';

const dayMs = 86_400_000;
const asOfMs = 1000 * dayMs;

function facts(values: Partial<BehaviourFacts>): BehaviourFacts {
  return {
    firstEventAtMs: Number.NaN,
    lastEventAtMs: Number.NaN,
    firstPurchaseAtMs: Number.NaN,
    lastPurchaseAtMs: Number.NaN,
    orders: 0,
    lines: 0,
    units: 0,
    revenue: 0,
    refundLines: 0,
    refundAmount: 0,
    distinctItems: 0,
    reviews: 0,
    meanRating: Number.NaN,
    activeDays: 0,
    purchaseDays: 0,
    ...values,
  };
}

/** Park and Miller's generator, so that NumPy can draw the same numbers. */
function parkMiller(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state;
  };
}

describe('value counts', () => {
  test('quantiles are NumPy inverted_cdf of the values at three digits, however split', () => {
    const draw = parkMiller(4242);
    const parts = [new ValueCounts(), new ValueCounts(), new ValueCounts()];
    for (let index = 0; index < 500; index++) parts[index % 3]!.add((draw() % 100_000) / 100);
    const all = new ValueCounts(JSON.parse(JSON.stringify(parts[0])));
    all.merge(parts[2]!);
    all.merge(parts[1]!);
    expect(all.quantiles([0.01, 0.2, 0.4, 0.6, 0.8, 1])).toEqual([9.6, 194, 422, 621, 838, 1000]);
    expect(all.total).toBe(500);
  });

  test('an empty population has no quantiles', () => {
    expect(new ValueCounts().quantiles([0.5])).toEqual([Number.NaN]);
  });
});

describe('RFM', () => {
  // Ten customers: customer i bought i times, i * 10 days ago, for 100 * i, of which 5 * i went back.
  const customers = Array.from({ length: 10 }, (_, index) => {
    const i = index + 1;
    return facts({ orders: i, lastPurchaseAtMs: asOfMs - i * 10 * dayMs, revenue: 100 * i, refundAmount: 5 * i });
  });

  test('scores by quintiles of the merged population', () => {
    const left = initRfm();
    const right = initRfm();
    customers.forEach((customer, index) => {
      addToRfm(index % 2 === 0 ? left : right, customer, asOfMs);
    });
    addToRfm(left, facts({}), asOfMs);
    mergeRfm(left, right);
    const quantiles = fitRfmQuantiles(left);
    expect(quantiles).toEqual({ recencyDays: [20, 40, 60, 80], orders: [2, 4, 6, 8], revenue: [190, 380, 570, 760] });
    expect(scoreRfm(quantiles, customers[0]!, asOfMs)).toEqual({ recency: 5, frequency: 1, monetary: 1 });
    expect(scoreRfm(quantiles, customers[1]!, asOfMs)).toEqual({ recency: 5, frequency: 1, monetary: 1 });
    expect(scoreRfm(quantiles, customers[2]!, asOfMs)).toEqual({ recency: 4, frequency: 2, monetary: 2 });
    expect(scoreRfm(quantiles, customers[9]!, asOfMs)).toEqual({ recency: 1, frequency: 5, monetary: 5 });
  });

  test('who never bought has no score', () => {
    expect(scoreRfm({ recencyDays: [], orders: [], revenue: [] }, facts({}), asOfMs)).toBeUndefined();
  });
});

describe('lifecycle', () => {
  const repeat = (gapDays: number, silentDays: number, purchaseDays: number) =>
    facts({
      orders: purchaseDays,
      purchaseDays,
      firstPurchaseAtMs: asOfMs - (silentDays + gapDays * (purchaseDays - 1)) * dayMs,
      lastPurchaseAtMs: asOfMs - silentDays * dayMs,
    });

  test('the shop’s rhythm is the median of its customers’ mean gaps', () => {
    const gaps = new ValueCounts();
    for (const gapDays of [10, 20, 90]) addGap(gaps, repeat(gapDays, 5, 3));
    addGap(gaps, repeat(0, 5, 1));
    expect(fitLifecycle(gaps)).toEqual({ typicalGapDays: 20, repeatCustomers: 3 });
    expect(fitLifecycle(new ValueCounts())).toEqual({ typicalGapDays: 90, repeatCustomers: 0 });
  });

  test('silence is measured in the customer’s own expected gaps', () => {
    const rule = { typicalGapDays: 30, repeatCustomers: 9 };
    expect(lifecycleStage(rule, facts({}), asOfMs)).toBe('prospect');
    expect(lifecycleStage(rule, repeat(0, 60, 1), asOfMs)).toBe('new');
    expect(lifecycleStage(rule, repeat(0, 61, 1), asOfMs)).toBe('at risk');
    // Two gaps of 10 days and twice the typical 30: 20 days to expect.
    expect(lifecycleStage(rule, repeat(10, 40, 3), asOfMs)).toBe('active');
    expect(lifecycleStage(rule, repeat(10, 41, 3), asOfMs)).toBe('at risk');
    expect(lifecycleStage(rule, repeat(10, 100, 3), asOfMs)).toBe('dormant');
    expect(lifecycleStage(rule, repeat(10, 101, 3), asOfMs)).toBe('churned');
  });
});
