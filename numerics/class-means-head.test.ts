import { expect, test } from 'vitest';
import { classMeansHead } from './class-means-head.ts';

test('the weights and biases of scikit-learn-style spherical discriminant analysis', () => {
  // Class means (1, 0) and (5, 4); squares about them 2 + 2 over 4 rows and 2 columns: s2 = 0.5.
  const vectors = Float32Array.of(0, 0, 2, 0, 5, 3, 5, 5);
  const head = classMeansHead({ vectors, labels: Int32Array.of(0, 0, 1, 1) }, 2, 2);
  expect([...head.weights.data]).toEqual([2, 10, 0, 8]);
  expect([...head.bias]).toEqual([-1, -41]);
});

test('rows that lie on their means, and a class without rows, still make a head', () => {
  const head = classMeansHead({ vectors: Float32Array.of(1, 3), labels: Int32Array.of(0, 1) }, 1, 3);
  expect([...head.weights.data]).toEqual([1, 3, 2]);
  expect([...head.bias]).toEqual([-0.5, -4.5, -2]);
});
