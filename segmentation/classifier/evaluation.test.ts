import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../numerics/tensor.ts';
import { oracleRows } from '../vectors/oracle-rows.ts';
import { expectedCalibrationError, fitTemperature } from './calibration.ts';
import { evaluate } from './evaluation.ts';

const labels = Int32Array.from({ length: 200 }, (_, row) => (row * 7 + Math.floor(row / 5)) % 4);

/** [200, 4], right more often than not; the same were made in NumPy. */
function probabilities(): Matrix {
  const rows = oracleRows(200, 4, 7);
  for (let row = 0; row < 200; row += 1) {
    const own = Float64Array.from(rows.data.subarray(4 * row, 4 * row + 4), (value) => Math.fround(value + 0.5));
    if (row % 3 !== 0) own[labels[row]!]! += 0.6;
    const sum = own.reduce((total, value) => total + value);
    rows.data.set(
      own.map((value) => value / sum),
      4 * row,
    );
  }
  return rows;
}

describe('evaluate', () => {
  it('agrees with scikit-learn', () => {
    const evaluation = evaluate(probabilities(), labels);
    // sklearn.metrics: accuracy_score, f1_score(average='macro'), precision_recall_fscore_support, confusion_matrix
    expect(evaluation.confusion).toEqual([
      [55, 6, 10, 9],
      [6, 26, 4, 4],
      [5, 2, 29, 4],
      [8, 3, 4, 25],
    ]);
    expect(evaluation.accuracy).toBeCloseTo(0.675, 12);
    expect(evaluation.majorityBaseline).toBeCloseTo(0.4, 12);
    expect(evaluation.macroF1).toBeCloseTo(0.6665082884595079, 12);
    const expected = {
      precision: [0.7432432432432432, 0.7027027027027027, 0.6170212765957447, 0.5952380952380952],
      recall: [0.6875, 0.65, 0.725, 0.625],
      f1: [0.7142857142857143, 0.6753246753246753, 0.6666666666666666, 0.6097560975609756],
      support: [80, 40, 40, 40],
    };
    for (const measure of ['precision', 'recall', 'f1', 'support'] as const) {
      expected[measure].forEach((value, label) => {
        expect(evaluation.classes[label]![measure]).toBeCloseTo(value, 12);
      });
    }
    // Guo et al. 2017, equation 3, in NumPy
    expect(evaluation.calibrationError).toBeCloseTo(0.2470293128490448, 6);
  });

  it('leaves a class that neither occurs nor is answered out of the macro F1, as scikit-learn does', () => {
    const certain = { rows: 3, columns: 3, data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 1, 0) };
    const { macroF1, classes } = evaluate(certain, Int32Array.of(0, 1, 0));
    // sklearn.metrics.f1_score([0, 1, 0], [0, 1, 1], average='macro')
    expect(macroF1).toBeCloseTo(2 / 3, 12);
    expect(classes[2]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
  });

  it('refuses labels that are missing or out of range', () => {
    expect(() => evaluate(probabilities(), labels.subarray(1))).toThrow('there are 199 labels for 200 rows');
    expect(() => evaluate(probabilities(), labels.with(9, 4))).toThrow(
      'row 9 has label 4; classes are numbered from 0 to 3',
    );
  });
});

describe('expectedCalibrationError', () => {
  it('is the gap between confidence and accuracy', () => {
    const sure = { rows: 4, columns: 2, data: Float32Array.of(1, 0, 1, 0, 1, 0, 1, 0) };
    expect(expectedCalibrationError(sure, Int32Array.of(0, 0, 0, 0))).toBe(0);
    expect(expectedCalibrationError(sure, Int32Array.of(0, 0, 0, 1))).toBe(0.25);
  });
});

describe('fitTemperature', () => {
  /** [200, 4]; the same were made in NumPy. */
  function logits(factor = 1): Matrix {
    const rows = oracleRows(200, 4, 9);
    rows.data.forEach((value, index) => {
      const row = Math.floor(index / 4);
      const raised = index % 4 === labels[row] && row % 4 !== 0 ? 1.5 : 0;
      rows.data[index] = factor * (value * 8 + raised);
    });
    return rows;
  }

  it('finds the minimum that SciPy finds', () => {
    // scipy.optimize.minimize_scalar of the mean negative log-likelihood over 1 / T
    expect(fitTemperature(logits(), labels)).toBeCloseTo(7.126192033987345, 4);
  });

  it('scales with the logits and stays in its range where the rows determine no minimum', () => {
    expect(fitTemperature(logits(4), labels) / fitTemperature(logits(), labels)).toBeCloseTo(4, 5);
    const separated = { rows: 2, columns: 2, data: Float32Array.of(2, 0, 0, 2) };
    expect(fitTemperature(separated, Int32Array.of(0, 1))).toBe(0.01);
    expect(fitTemperature(separated, Int32Array.of(1, 0))).toBe(100);
  });
});
