/**
 * Finds rows that repeat an earlier one cell by cell. Rows are compared by the codes of their cells, so the answer is exact,
 * whatever their hashes.
 */
export class DuplicateRows {
  readonly #codes: Int32Array;
  readonly #width: number;
  /** Open addressing with linear probing: row + 1, or 0 where free. At most half full. */
  readonly #slots: Int32Array;

  /** @param codes [rows, width], row-major. */
  constructor(codes: Int32Array, rows: number, width: number) {
    this.#codes = codes;
    this.#width = width;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(rows, 8) * 2)));
  }

  /** Whether an equal row was asked about before. */
  isRepeat(row: number): boolean {
    const codes = this.#codes;
    const width = this.#width;
    const base = row * width;
    let hash = 0x9e3779b9 | 0;
    for (let cell = 0; cell < width; cell++) {
      hash = Math.imul(hash ^ codes[base + cell]!, 0x85ebca6b);
      hash ^= hash >>> 13;
    }
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 16)) & mask;
    for (;;) {
      const other = this.#slots[slot]! - 1;
      if (other < 0) {
        this.#slots[slot] = row + 1;
        return false;
      }
      let cell = 0;
      const otherBase = other * width;
      while (cell < width && codes[otherBase + cell] === codes[base + cell]) cell++;
      if (cell === width) return true;
      slot = (slot + 1) & mask;
    }
  }
}
