import { expect, test } from 'vitest';
import { Random } from './random.ts';

test('draws the published sequence of xoshiro128**', () => {
  // Test vector of the Rust crate rand_xoshiro, made with the authors' C code from the state 1, 2, 3, 4.
  const random = Random.ofState([1, 2, 3, 4]);
  expect(Array.from({ length: 8 }, () => random.uint32())).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849,
  ]);
});

test('the seed alone decides the numbers, also beyond 32 bits', () => {
  const draws = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 4 }, () => random.uint32());
  };
  expect(draws(5)).toEqual(draws(5));
  expect(draws(5 + 2 ** 32)).not.toEqual(draws(5));
  expect(draws(6)).not.toEqual(draws(5));
});

test('int takes every value equally often', () => {
  const random = new Random(1);
  const counts = new Array<number>(7).fill(0);
  for (let draw = 0; draw < 70_000; draw += 1) counts[random.int(7)]! += 1;
  // Chi-squared with 6 degrees of freedom: 22.46 is exceeded with probability 0.001.
  const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  expect(chiSquared).toBeLessThan(22.46);
});

test('normal has mean 0, variance 1 and the tails of a normal distribution', () => {
  const random = new Random(2);
  const n = 100_000;
  const values = Array.from({ length: n }, () => random.normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
  const tails = values.filter((value) => Math.abs(value) > 1.959964).length / n;
  // Four standard errors each.
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(n));
  expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  expect(Math.abs(tails - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / n));
});

test('every order of three is equally likely', () => {
  const random = new Random(3);
  const counts = new Map<string, number>();
  for (let draw = 0; draw < 60_000; draw += 1) {
    const order = random.permutation(3).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
  // Chi-squared with 5 degrees of freedom: 20.52 is exceeded with probability 0.001.
  const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  expect(chiSquared).toBeLessThan(20.52);
});

test('sample chooses different numbers in ascending order, each equally often', () => {
  const random = new Random(4);
  const counts = new Array<number>(10).fill(0);
  for (let draw = 0; draw < 4_000; draw += 1) {
    const chosen = [...random.sample(10, 3)];
    expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
    for (const number of chosen) counts[number]! += 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_200)).toBeLessThan(4 * Math.sqrt(4_000 * 0.3 * 0.7));
  expect([...random.sample(4, 4)]).toEqual([0, 1, 2, 3]);
});

test('refuses seeds, bounds and counts that mean nothing', () => {
  expect(() => new Random(-1)).toThrow('seed -1');
  expect(() => new Random(0.5)).toThrow('seed 0.5');
  expect(() => new Random(0).int(0)).toThrow('bound 0');
  expect(() => new Random(0).sample(3, 4)).toThrow('cannot choose 4 of 3');
});
