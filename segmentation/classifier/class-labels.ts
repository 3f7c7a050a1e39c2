import { InvalidClassifierError } from './invalid-classifier-error.ts';

/** Throws unless there are `rows` >= 1 labels, each a whole number from 0 to `classes - 1`. */
export function requireClassLabels(labels: Int32Array, rows: number, classes: number): void {
  if (labels.length !== rows || rows === 0) {
    throw new InvalidClassifierError(
      `there are ${labels.length} labels for ${rows} rows; each needs one, and at least one row`,
    );
  }
  const outside = labels.findIndex((label) => label < 0 || label >= classes);
  if (outside !== -1) {
    throw new InvalidClassifierError(
      `row ${outside} has label ${labels[outside]}; classes are numbered from 0 to ${classes - 1}`,
    );
  }
}
