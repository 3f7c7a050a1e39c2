import type { CellDictionary } from './cell-dictionary.ts';
import type { RejectReason } from './reject-reasons.ts';

/** A row that never became cells of the table: the wrong number of them, or broken quotes. */
export interface BrokenRow {
  readonly line: number;
  readonly reason: RejectReason;
  readonly cells: readonly Uint8Array[];
}

/**
 * What a decoder makes of a file, whatever its format: a header, and rows of cells. Each column is a dictionary of its
 * distinct cells; a row is one code a column.
 */
export interface RowTable {
  readonly header: readonly Uint8Array[];
  readonly columns: readonly CellDictionary[];
  readonly rows: number;
  /** [rows, columns], row-major. */
  readonly codes: Int32Array;
  /** [rows]: line of the file on which each row starts, from 1. */
  readonly lines: Int32Array;
  readonly broken: readonly BrokenRow[];
}

/** The same with cells as text: `columns[c][codes[row * header.length + c]]`. */
export interface TextTable {
  readonly header: readonly string[];
  readonly columns: readonly (readonly string[])[];
  readonly rows: number;
  readonly codes: Int32Array;
  readonly lines: Int32Array;
  readonly delimiter: string;
}
