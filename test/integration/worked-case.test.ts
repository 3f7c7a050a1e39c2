import { expect, test } from 'vitest';
import { workedCase } from '../../examples/worked-case.ts';

test('three segments fitted on 800 customers are told on 200 others, far above the majority baseline', async () => {
  const result = await workedCase();
  expect(result).toMatchObject({ customers: 1000, dims: 100, fittedOn: 800, judgedOn: 200 });
  expect(result.segmentSizes.reduce((sum, size) => sum + size)).toBe(800);
  expect(result.accuracy).toBeGreaterThanOrEqual(0.95);
  expect(result.macroF1).toBeGreaterThanOrEqual(0.95);
  expect(result.majorityBaseline).toBeLessThan(0.8);
});
