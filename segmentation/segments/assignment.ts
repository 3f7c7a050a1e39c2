/**
 * The assignment of rows to columns with the least total cost, each column to one row at most, by the Hungarian algorithm in its shortest augmenting path form,
 * O(rows² * columns): Kuhn 1955, "The Hungarian Method for the Assignment Problem"; Jonker and Volgenant 1987, section 2, for the dual updates.
 * Where several are cheapest, the one found does not depend on anything but the costs.
 *
 * @param cost [rows, columns], finite, row-major; rows <= columns
 * @returns [rows] the column of each row
 */
export function leastCostAssignment(cost: Float64Array, rows: number, columns: number): Int32Array {
  if (rows > columns || cost.length !== rows * columns || !cost.every(Number.isFinite)) {
    throw new RangeError(
      `Assignment needs finite costs [rows <= columns], got ${cost.length} costs for ${rows} x ${columns}.`,
    );
  }
  // Row and column 0 are the root of the search; the real ones count from 1.
  const rowDual = new Float64Array(rows + 1);
  const columnDual = new Float64Array(columns + 1);
  const rowOf = new Int32Array(columns + 1);
  const before = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    rowOf[0] = row;
    let column = 0;
    const slack = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
    const scanned = new Uint8Array(columns + 1);
    while (rowOf[column] !== 0) {
      scanned[column] = 1;
      const from = rowOf[column]!;
      let least = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let to = 1; to <= columns; to++) {
        if (scanned[to] === 1) continue;
        const reduced = cost[(from - 1) * columns + to - 1]! - rowDual[from]! - columnDual[to]!;
        if (reduced < slack[to]!) {
          slack[to] = reduced;
          before[to] = column;
        }
        if (slack[to]! < least) {
          least = slack[to]!;
          next = to;
        }
      }
      for (let to = 0; to <= columns; to++) {
        if (scanned[to] === 1) {
          rowDual[rowOf[to]!]! += least;
          columnDual[to]! -= least;
        } else slack[to]! -= least;
      }
      column = next;
    }
    while (column !== 0) {
      const previous = before[column]!;
      rowOf[column] = rowOf[previous]!;
      column = previous;
    }
  }
  const columnOf = new Int32Array(rows);
  for (let column = 1; column <= columns; column++) if (rowOf[column]! > 0) columnOf[rowOf[column]! - 1] = column - 1;
  return columnOf;
}
