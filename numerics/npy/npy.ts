import type { Matrix } from '../tensor.ts';
import { InvalidNpyError } from './invalid-npy-error.ts';
import { npyHead, readNpyHeader } from './npy-header.ts';

/** A matrix as a `.npy` file holds it, rounded to float32. A value beyond float32's range is infinite. */
export interface NpyMatrix extends Matrix {
  /** Type of the elements in the file: byte order, kind, bytes, e.g. `<f8`. */
  readonly dtype: string;
}

const arrays = {
  f2: Float16Array,
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
} as const;
type Kind = keyof typeof arrays;

export interface NpyLimits {
  /** Numbers in a matrix: n times d. */
  readonly maxElements: number;
}

/**
 * Reads a two-dimensional array [n, d] of floats or integers, in either byte order, in rows (C) or columns (Fortran).
 * @throws InvalidNpyError for anything else, arrays without rows or columns and files that are cut off included.
 */
export function readNpy(file: Uint8Array, { maxElements }: NpyLimits): NpyMatrix {
  const { dtype, isFortranOrder, shape, dataStart } = readNpyHeader(file);
  const kind = dtype.replace(/^[<>|=]/, '');
  if (!Object.hasOwn(arrays, kind)) {
    throw new InvalidNpyError(
      'UNSUPPORTED_TYPE',
      `the elements are of type "${dtype.slice(0, 20)}"; allowed: ${Object.keys(arrays).join(', ')}: numpy.save(path, matrix.astype('float32'))`,
    );
  }
  const [rows, columns] = shape;
  if (rows === undefined || columns === undefined || shape.length !== 2) {
    throw new InvalidNpyError(
      'NOT_A_MATRIX',
      `the array has ${shape.length} dimensions (${shape.join(' x ')}); two are needed, a row per customer and a column per number`,
    );
  }
  if (rows === 0 || columns === 0) {
    throw new InvalidNpyError(
      'EMPTY_MATRIX',
      `the matrix is ${rows} x ${columns}; at least one row and column are needed`,
    );
  }
  if (rows * columns > maxElements) {
    throw new InvalidNpyError(
      'TOO_LARGE',
      `the matrix is ${rows} x ${columns}, more than ${maxElements} numbers; leave rows out, or bring the vectors to fewer dimensions`,
    );
  }
  const dataBytes = rows * columns * arrays[kind as Kind].BYTES_PER_ELEMENT;
  if (file.byteLength - dataStart !== dataBytes) {
    throw new InvalidNpyError(
      'WRONG_LENGTH',
      `${rows} x ${columns} elements of type ${dtype} are ${dataBytes} bytes, the file holds ${file.byteLength - dataStart} after its header; ` +
        'upload the whole file, one array to a file',
    );
  }
  const data = asFloats(new Uint8Array(file.subarray(dataStart)), kind as Kind, dtype.startsWith('>'));
  return { dtype, rows, columns, data: isFortranOrder ? transposed(data, columns, rows) : data };
}

/** The machine's own order is little-endian wherever Node 24 runs. `bytes` is changed. */
function asFloats(bytes: Uint8Array, kind: Kind, isBigEndian: boolean): Float32Array {
  const TypedArray = arrays[kind];
  const buffer = bytes.buffer as ArrayBuffer;
  if (isBigEndian) {
    if (TypedArray.BYTES_PER_ELEMENT === 2) Buffer.from(buffer).swap16();
    if (TypedArray.BYTES_PER_ELEMENT === 4) Buffer.from(buffer).swap32();
    if (TypedArray.BYTES_PER_ELEMENT === 8) Buffer.from(buffer).swap64();
  }
  const values = new TypedArray(buffer);
  if (values instanceof Float32Array) return values;
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    const floats = new Float32Array(values.length);
    for (let index = 0; index < floats.length; index += 1) floats[index] = Number(values[index]);
    return floats;
  }
  return new Float32Array(values);
}

/** `data` [rows, columns] -> [columns, rows]. */
function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) turned[column * rows + row] = data[row * columns + column]!;
  }
  return turned;
}

/** The bytes that `numpy.save` writes for the matrix: version 1.0, `<f4`, in rows. */
export function writeNpy({ rows, columns, data }: Matrix): Uint8Array {
  return Buffer.concat([
    npyHead('<f4', rows, columns),
    new Uint8Array(data.buffer, data.byteOffset, rows * columns * Float32Array.BYTES_PER_ELEMENT),
  ]);
}
