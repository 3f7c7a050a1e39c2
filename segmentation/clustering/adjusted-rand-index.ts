import { InvalidClusteringError } from './invalid-clustering-error.ts';

/**
 * How far two labellings [n] of the same rows agree: 1 for the same partition, about 0 for chance, below 0 for less
 * (L. Hubert, P. Arabie, "Comparing partitions", 1985, equation 5). Label numbers need not match.
 */
export function adjustedRandIndex(left: Int32Array, right: Int32Array): number {
  if (left.length !== right.length || left.length === 0) {
    throw new InvalidClusteringError(
      `the labellings have ${left.length} and ${right.length} rows; both need the same rows, at least one`,
    );
  }
  const both = new Map<string, number>();
  const ofLeft = new Map<number, number>();
  const ofRight = new Map<number, number>();
  left.forEach((label, row) => {
    const other = right[row]!;
    countOne(both, `${label}/${other}`);
    countOne(ofLeft, label);
    countOne(ofRight, other);
  });
  const together = pairs(both.values());
  const leftPairs = pairs(ofLeft.values());
  const rightPairs = pairs(ofRight.values());
  const allPairs = pairs([left.length]);
  const expected = allPairs === 0 ? 0 : (leftPairs * rightPairs) / allPairs;
  const most = (leftPairs + rightPairs) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
}

function countOne<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Pairs of rows that share a label, given the labels' counts. */
function pairs(counts: Iterable<number>): number {
  let sum = 0;
  for (const count of counts) sum += (count * (count - 1)) / 2;
  return sum;
}
