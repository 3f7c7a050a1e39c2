/** Per column, how many values are present and their sum: mergeable, and all that is needed to fill in what is missing. */
export interface ColumnSums {
  readonly counts: readonly number[];
  readonly sums: readonly number[];
}

/** Of a row-major table [n, columns] in which NaN is missing. */
export function columnSums(table: Float32Array, columns: number): ColumnSums {
  const counts = new Array<number>(columns).fill(0);
  const sums = new Array<number>(columns).fill(0);
  for (let at = 0; at < table.length; at += 1) {
    const value = table[at]!;
    if (Number.isNaN(value)) continue;
    const column = at % columns;
    counts[column]! += 1;
    sums[column]! += value;
  }
  return { counts, sums };
}

/** The mean of each column over all parts, added up in the order given; 0 where nobody has a value. */
export function columnMeans(parts: readonly ColumnSums[], columns: number): Float64Array {
  return Float64Array.from({ length: columns }, (_, column) => {
    const count = parts.reduce((total, part) => total + part.counts[column]!, 0);
    const sum = parts.reduce((total, part) => total + part.sums[column]!, 0);
    return count === 0 ? 0 : sum / count;
  });
}

/** Missing is neutral: a copy of the table [n, columns] in which NaN is the column's mean. */
export function fillMissing(table: Float32Array, means: Float64Array): Float32Array {
  const columns = means.length;
  return table.map((value, at) => (Number.isNaN(value) ? means[at % columns]! : value));
}
