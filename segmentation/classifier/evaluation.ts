import type { Matrix } from '../../numerics/tensor.ts';
import { expectedCalibrationError } from './calibration.ts';
import { requireClassLabels } from './class-labels.ts';

export interface ClassEvaluation {
  /** Share of the rows given this class that belong to it; 0 if none was given it. */
  readonly precision: number;
  /** Share of the rows of this class that were given it; 0 if it has none. */
  readonly recall: number;
  /** Harmonic mean of the two. */
  readonly f1: number;
  /** Rows of this class. */
  readonly support: number;
}

export interface Evaluation {
  readonly rows: number;
  readonly accuracy: number;
  /** Accuracy of always answering the most frequent class: what the accuracy must beat. */
  readonly majorityBaseline: number;
  /** Mean F1 over the classes that occur as a label or as an answer. */
  readonly macroF1: number;
  /** [k]. */
  readonly classes: readonly ClassEvaluation[];
  /** [k][k], rows by true class and answered class. */
  readonly confusion: readonly (readonly number[])[];
  /** 0..1, see `expectedCalibrationError`. */
  readonly calibrationError: number;
}

/** Judges `probabilities` [n, k] of held-out rows by their true `labels` [n]; the answer is the first most probable class. */
export function evaluate(probabilities: Matrix, labels: Int32Array): Evaluation {
  const { rows, columns: k } = probabilities;
  requireClassLabels(labels, rows, k);
  const confusion = Array.from({ length: k }, () => new Array<number>(k).fill(0));
  answersOf(probabilities).forEach((answer, row) => {
    confusion[labels[row]!]![answer]! += 1;
  });
  const classes = confusion.map((answers, label) => {
    const right = answers[label]!;
    const support = sum(answers);
    const answered = sum(confusion.map((row) => row[label]!));
    return {
      precision: answered === 0 ? 0 : right / answered,
      recall: support === 0 ? 0 : right / support,
      f1: support + answered === 0 ? 0 : (2 * right) / (support + answered),
      support,
      occurs: support + answered > 0,
    };
  });
  const occurring = classes.filter(({ occurs }) => occurs);
  return {
    rows,
    accuracy: sum(confusion.map((answers, label) => answers[label]!)) / rows,
    majorityBaseline: Math.max(...classes.map(({ support }) => support)) / rows,
    macroF1: sum(occurring.map(({ f1 }) => f1)) / occurring.length,
    classes: classes.map(({ occurs: _, ...evaluation }) => evaluation),
    confusion,
    calibrationError: expectedCalibrationError(probabilities, labels),
  };
}

/** The most probable class of each row of `probabilities` [n, k], the first one on a tie: [n]. */
export function answersOf({ rows, columns, data }: Matrix): Int32Array {
  const answers = new Int32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    let best = 0;
    for (let label = 1; label < columns; label += 1) {
      if (data[row * columns + label]! > data[row * columns + best]!) best = label;
    }
    answers[row] = best;
  }
  return answers;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
