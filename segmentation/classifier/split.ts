import { Random } from '../../numerics/random.ts';
import { InvalidClassifierError } from './invalid-classifier-error.ts';

export interface Split {
  /** Rows to train on, rising. */
  readonly train: Int32Array;
  /** Rows to judge by, rising. */
  readonly heldOut: Int32Array;
}

/**
 * Splits the rows of `labels` [n] so that each class gives the same share, rounded, to the held-out side. A class of two or
 * more rows is on both sides; a class of one row is trained on only. Same labels, share and seed, same split.
 * Throws `InvalidClassifierError` unless 0 < `heldOutShare` < 1.
 */
export function stratifiedSplit(labels: Int32Array, heldOutShare: number, seed: number): Split {
  if (!(heldOutShare > 0 && heldOutShare < 1)) {
    throw new InvalidClassifierError(`the held-out share is ${heldOutShare}; a number between 0 and 1 is needed`);
  }
  const random = new Random(seed);
  const isHeldOut = new Uint8Array(labels.length);
  const byLabel = Map.groupBy(labels.keys(), (row) => labels[row]!);
  for (const label of [...byLabel.keys()].sort((left, right) => left - right)) {
    const rows = byLabel.get(label)!;
    const rounded = Math.round(rows.length * heldOutShare);
    const count = rows.length === 1 ? 0 : Math.min(Math.max(rounded, 1), rows.length - 1);
    for (const index of random.sample(rows.length, count)) isHeldOut[rows[index]!] = 1;
  }
  const rows = Int32Array.from(labels.keys());
  return { train: rows.filter((row) => isHeldOut[row] === 0), heldOut: rows.filter((row) => isHeldOut[row] === 1) };
}
