/** Why a row of a file was set aside. Codes are stored and documented: append only. */
export const rejectCodes = [
  'TOO_FEW_CELLS',
  'TOO_MANY_CELLS',
  'MALFORMED_QUOTE',
  'INVALID_ENCODING',
  'OVERLONG_FIELD',
  'MISSING_CUSTOMER',
  'MISSING_ID',
  'MISSING_TITLE',
  'DUPLICATE_ID',
  'MISSING_TIME',
  'UNPARSEABLE_TIME',
  'IMPOSSIBLE_TIME',
  'FUTURE_TIME',
  'MISSING_ITEM',
  'UNPARSEABLE_NUMBER',
  'ZERO_QUANTITY',
  'NEGATIVE_PRICE',
  'IMPOSSIBLE_RATING',
  'IMPOSSIBLE_AGE',
  'FOREIGN_CURRENCY',
  'NOT_FINITE',
] as const;
export type RejectCode = (typeof rejectCodes)[number];

/** The message says which column, what is allowed and what to do; it never repeats the cell, which may be personal. */
export interface RejectReason {
  readonly code: RejectCode;
  readonly message: string;
}

export interface RejectedRow {
  /** Line of the file on which the row starts; the first line is 1. */
  readonly line: number;
  readonly code: RejectCode;
  readonly message: string;
  /** As they stand in the file. A row whose quotes are broken is one cell: its line. */
  readonly cells: readonly string[];
}

/** What a file of rejects adds behind the columns of the file. */
export const rejectColumns: readonly string[] = ['_line', '_code', '_message'];
