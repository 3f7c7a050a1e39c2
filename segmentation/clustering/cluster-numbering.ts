import type { Matrix } from '../../numerics/tensor.ts';
import { countLabels } from './kmeans-graphs.ts';

export interface NumberedClusters {
  /** [n]. */
  readonly labels: Int32Array;
  /** [k, d]. */
  readonly centroids: Matrix;
  /** [k], falling. */
  readonly sizes: Int32Array;
}

/** Numbers clusters by falling size, equal sizes by their first row. Clusters without rows are left out. */
export function numberBySize(labels: Int32Array, centroids: Matrix): NumberedClusters {
  const { rows: k, columns, data } = centroids;
  const sizes = countLabels(labels, k);
  const firstRow = new Float64Array(k).fill(Infinity);
  labels.forEach((label, row) => {
    firstRow[label] = Math.min(firstRow[label]!, row);
  });
  const order = [...sizes.keys()]
    .filter((label) => sizes[label]! > 0)
    .sort((left, right) => sizes[right]! - sizes[left]! || firstRow[left]! - firstRow[right]!);
  const newNumber = new Int32Array(k);
  const numbered = new Float32Array(order.length * columns);
  order.forEach((label, number) => {
    newNumber[label] = number;
    numbered.set(data.subarray(label * columns, (label + 1) * columns), number * columns);
  });
  return {
    labels: labels.map((label) => newNumber[label]!),
    centroids: { rows: order.length, columns, data: numbered },
    sizes: Int32Array.from(order, (label) => sizes[label]!),
  };
}
