import { expect, test } from 'vitest';
import { leastCostAssignment } from './assignment.ts';

/** Park and Miller's generator, so that SciPy can be given the same costs. */
function costs(seed: number, count: number): Float64Array {
  let state = seed;
  return new Float64Array(count).map(() => {
    state = (state * 16_807) % 2_147_483_647;
    return state % 1000;
  });
}

test.each([
  // seed, rows, columns and scipy.optimize.linear_sum_assignment's total.
  [7919, 1, 1, 633],
  [15_838, 3, 3, 915],
  [23_757, 5, 9, 386],
  [31_676, 12, 12, 901],
  [39_595, 20, 33, 628],
  [47_514, 40, 40, 1472],
])('costs as little as SciPy’s (seed %i, %i x %i)', (seed, rows, columns, least) => {
  const cost = costs(seed, rows * columns);
  const columnOf = leastCostAssignment(cost, rows, columns);
  expect(new Set(columnOf).size).toBe(rows);
  expect(columnOf.reduce((sum, column, row) => sum + cost[row * columns + column]!, 0)).toBe(least);
});

test('a greedy choice is given up for a better whole', () => {
  expect([...leastCostAssignment(Float64Array.of(1, 2, 3, 10), 2, 2)]).toEqual([1, 0]);
});

test('refuses what it cannot assign', () => {
  expect(() => leastCostAssignment(Float64Array.of(1, 2), 2, 1)).toThrow(RangeError);
  expect(() => leastCostAssignment(Float64Array.of(1, Number.NaN), 1, 2)).toThrow(/finite/);
});
