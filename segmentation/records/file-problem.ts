/** Why a whole file was turned away. Codes are stored and documented: append only. */
export type FileProblemCode =
  | 'EMPTY_FILE'
  | 'TRUNCATED_GZIP'
  | 'BINARY_FILE'
  | 'NOT_UTF8'
  | 'UNKNOWN_COLUMNS'
  | 'NO_VALID_ROWS'
  | 'BROKEN_ROWS';

/** The message says what was found, what is allowed and what to do. */
export interface FileProblem {
  readonly code: FileProblemCode;
  readonly message: string;
}
