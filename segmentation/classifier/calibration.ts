import type { Matrix } from '../../numerics/tensor.ts';
import { requireFiniteRows } from '../vectors/row-blocks.ts';
import { requireClassLabels } from './class-labels.ts';

/** Temperatures are looked for in this range: beyond it, the held-out rows do not determine one. */
const LOWEST_TEMPERATURE = 0.01;
const HIGHEST_TEMPERATURE = 100;

/** Halvings of the range of 1 / T: more would not change a float64. */
const HALVINGS = 64;

/**
 * The temperature T that minimises the negative log-likelihood of held-out `labels` [n] under softmax(`logits` [n, k] / T)
 * (C. Guo et al., "On calibration of modern neural networks", 2017, section 4.2), from 0.01 to 100.
 *
 * The likelihood is convex in b = 1 / T, with slope mean(sum_j p_j z_j - z_label), so halving on the slope's sign finds it.
 */
export function fitTemperature(logits: Matrix, labels: Int32Array): number {
  requireFiniteRows(logits, 'held-out logits');
  requireClassLabels(labels, logits.rows, logits.columns);
  let low = 1 / HIGHEST_TEMPERATURE;
  let high = 1 / LOWEST_TEMPERATURE;
  if (likelihoodSlope(logits, labels, low) >= 0) return HIGHEST_TEMPERATURE;
  if (likelihoodSlope(logits, labels, high) <= 0) return LOWEST_TEMPERATURE;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2;
    if (likelihoodSlope(logits, labels, middle) < 0) low = middle;
    else high = middle;
  }
  return 2 / (low + high);
}

/** The derivative, by the inverse temperature, of the mean negative log-likelihood. */
function likelihoodSlope({ rows, columns, data }: Matrix, labels: Int32Array, inverseTemperature: number): number {
  let slope = 0;
  for (let row = 0; row < rows; row += 1) {
    const logits = data.subarray(row * columns, (row + 1) * columns);
    const largest = Math.max(...logits);
    let sum = 0;
    let weighted = 0;
    for (const logit of logits) {
      const exponential = Math.exp((logit - largest) * inverseTemperature);
      sum += exponential;
      weighted += exponential * logit;
    }
    slope += weighted / sum - logits[labels[row]!]!;
  }
  return slope / rows;
}

/**
 * How far confidence is from accuracy: rows fall into `bins` equal ranges of their highest probability, and the differences
 * between a bin's mean confidence and its accuracy are averaged by rows; 0..1 (Guo et al. 2017, equation 3).
 * `probabilities` are [n, k], `labels` [n].
 */
export function expectedCalibrationError(probabilities: Matrix, labels: Int32Array, bins = 15): number {
  const { rows, columns, data } = probabilities;
  requireClassLabels(labels, rows, columns);
  const surplus = new Float64Array(bins);
  for (let row = 0; row < rows; row += 1) {
    const own = data.subarray(row * columns, (row + 1) * columns);
    const confidence = Math.max(...own);
    const right = own.indexOf(confidence) === labels[row] ? 1 : 0;
    const bin = Math.min(Math.max(Math.ceil(confidence * bins) - 1, 0), bins - 1);
    surplus[bin]! += confidence - right;
  }
  return surplus.reduce((sum, difference) => sum + Math.abs(difference), 0) / rows;
}
