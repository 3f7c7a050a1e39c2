import type { RejectCode, RejectReason } from './reject-reasons.ts';

/** What became of each row of a table: read = accepted + rejected + duplicates. */
export class RowVerdicts {
  readonly rows: number;
  readonly #isSettled: Uint8Array;
  readonly #rejected: { readonly row: number; readonly reason: RejectReason }[] = [];
  #accepted = 0;
  #duplicates = 0;

  constructor(rows: number) {
    this.rows = rows;
    this.#isSettled = new Uint8Array(rows);
  }

  get accepted(): number {
    return this.#accepted;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** The rejected rows in the order of the file. */
  get rejected(): readonly { readonly row: number; readonly reason: RejectReason }[] {
    return this.#rejected.sort((a, b) => a.row - b.row);
  }

  isSettled(row: number): boolean {
    return this.#isSettled[row] === 1;
  }

  accept(row: number): void {
    this.#isSettled[row] = 1;
    this.#accepted++;
  }

  repeat(row: number): void {
    this.#isSettled[row] = 1;
    this.#duplicates++;
  }

  reject(row: number, reason: RejectReason): void {
    this.#isSettled[row] = 1;
    this.#rejected.push({ row, reason });
  }
}

export function countByCode(codes: Iterable<RejectCode>): Partial<Record<RejectCode, number>> {
  const counts: Partial<Record<RejectCode, number>> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
