import type { SoftmaxHead } from './softmax-head.ts';
import type { LabelledVectors } from './softmax-head-training.ts';

/**
 * The head that puts a vector where the nearest class mean is: linear discriminant analysis with one spherical covariance and equal
 * priors (Hastie, Tibshirani and Friedman 2009, section 4.3). logit_c = mu_c . x / s2 - |mu_c|^2 / (2 s2), s2 the mean variance
 * of a column within the classes. For labels that come from k-means it is the clustering's own border; training starts from it
 * and moves it where the labels say otherwise. A class without rows gets the mean of all.
 *
 * @param rows vectors [n, dims], labels [n]
 */
export function classMeansHead({ vectors, labels }: LabelledVectors, dims: number, classes: number): SoftmaxHead {
  const n = labels.length;
  const counts = new Float64Array(classes);
  const means = new Float64Array(classes * dims);
  const total = new Float64Array(dims);
  for (let row = 0; row < n; row += 1) {
    const label = labels[row]!;
    counts[label]! += 1;
    for (let dim = 0; dim < dims; dim += 1) {
      const value = vectors[row * dims + dim]!;
      means[label * dims + dim]! += value;
      total[dim]! += value;
    }
  }
  for (let at = 0; at < means.length; at += 1) {
    const label = Math.floor(at / dims);
    means[at] = counts[label]! > 0 ? means[at]! / counts[label]! : total[at % dims]! / n;
  }
  let squares = 0;
  for (let row = 0; row < n; row += 1) {
    for (let dim = 0; dim < dims; dim += 1) {
      squares += (vectors[row * dims + dim]! - means[labels[row]! * dims + dim]!) ** 2;
    }
  }
  // Rows that all lie on their means have no spread to measure by: 1 keeps the border and makes no claim on confidence.
  const variance = squares > 0 ? squares / (n * dims) : 1;
  const weights = new Float32Array(dims * classes);
  const bias = new Float32Array(classes);
  for (let label = 0; label < classes; label += 1) {
    for (let dim = 0; dim < dims; dim += 1) {
      const mean = means[label * dims + dim]!;
      weights[dim * classes + label] = mean / variance;
      bias[label]! -= (mean * mean) / (2 * variance);
    }
  }
  return { weights: { rows: dims, columns: classes, data: weights }, bias };
}
