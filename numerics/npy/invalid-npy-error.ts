export type NpyProblemCode =
  /** Not the bytes of a `.npy` file, or a header that does not follow the format. */
  | 'NOT_NPY'
  /** Python objects: reading them would run code of the file. */
  | 'PICKLED_ARRAY'
  /** Elements that are no real numbers of 1 to 8 bytes. */
  | 'UNSUPPORTED_TYPE'
  /** Another number of dimensions than two. */
  | 'NOT_A_MATRIX'
  | 'EMPTY_MATRIX'
  | 'TOO_LARGE'
  /** Fewer or more bytes than the header says. */
  | 'WRONG_LENGTH';

/** A file that holds no matrix of numbers; the message says what it holds, what is allowed and what to do. */
export class InvalidNpyError extends Error {
  override readonly name = 'InvalidNpyError';
  readonly code: NpyProblemCode;
  readonly retryable = false;

  constructor(code: NpyProblemCode, message: string) {
    super(message);
    this.code = code;
  }
}
