import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExactSum } from './exact-sum.ts';

function sumOf(terms: readonly number[]): ExactSum {
  const sum = new ExactSum();
  for (const term of terms) sum.add(term);
  return sum;
}

test('sums are those of Python math.fsum', () => {
  expect(sumOf([]).value).toBe(0);
  expect(sumOf(new Array(10).fill(0.1)).value).toBe(1);
  expect(sumOf([1e16, 1, -1e16, 1e-9, 0.1, 0.2, 0.3, -0.6, 3]).value).toBe(4.000000001);
  expect(sumOf([2 ** 53, 1, 2 ** -60]).value).toBe(9007199254740994);
  expect(sumOf([1e308, -1e308, 1e-300]).value).toBe(1e-300);
});

test('any order, any split and a trip through JSON give the same bits', () => {
  const terms = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e200, max: 1e200 }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(terms, fc.nat(), (values, cut) => {
      const whole = sumOf(values).value;
      const at = values.length === 0 ? 0 : cut % values.length;
      const tail = sumOf(values.slice(at).reverse());
      tail.merge(new ExactSum(JSON.parse(JSON.stringify(sumOf(values.slice(0, at))))));
      expect(tail.value + 0).toBe(whole + 0);
    }),
  );
});
