import { InvalidNpyError } from './invalid-npy-error.ts';

/**
 * The head of a `.npy` file: `\x93NUMPY`, version, the header's length (2 bytes in version 1.0, 4 in 2.0 and 3.0, little-endian), then a
 * Python dictionary as text, padded with spaces so that the data is aligned to 64 bytes. NumPy 2 reference, "NPY format"
 * (numpy.lib.format).
 */
export interface NpyHeader {
  /** Type of the elements as NumPy writes it: byte order, kind, bytes, e.g. `<f4`. */
  readonly dtype: string;
  /** True where columns stand together instead of rows. */
  readonly isFortranOrder: boolean;
  readonly shape: readonly number[];
  /** Byte at which the elements begin. */
  readonly dataStart: number;
}

const magic = '\x93NUMPY';
/** NumPy itself refuses to read longer ones (`max_header_size`). */
const maxHeaderBytes = 10_000;
const alignmentBytes = 64;

/** @throws InvalidNpyError NOT_NPY, PICKLED_ARRAY for elements that are objects, UNSUPPORTED_TYPE for records. */
export function readNpyHeader(file: Uint8Array): NpyHeader {
  const start = Buffer.from(file.buffer, file.byteOffset, Math.min(file.byteLength, 12));
  if (start.toString('latin1', 0, magic.length) !== magic) {
    throw notNpy(
      start.toString('latin1', 0, 2) === 'PK'
        ? 'the file is a zip archive, as np.savez writes it'
        : 'the file does not begin as a .npy file does',
    );
  }
  const major = start[6] ?? 0;
  if (major < 1 || major > 3 || start[7] !== 0) {
    throw notNpy(`the file is of format version ${major}.${start[7] ?? 0}; allowed: 1.0, 2.0, 3.0`);
  }
  const textStart = major === 1 ? 10 : 12;
  if (file.byteLength < textStart) throw notNpy(`the file ends within its first ${textStart} bytes`);
  const textBytes = major === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (textBytes > maxHeaderBytes) {
    throw notNpy(`the header is said to be ${textBytes} bytes long; allowed: ${maxHeaderBytes}`);
  }
  const dataStart = textStart + textBytes;
  if (file.byteLength < dataStart) throw notNpy(`the header ends at byte ${dataStart}, the file at ${file.byteLength}`);
  const text = Buffer.from(file.buffer, file.byteOffset + textStart, textBytes);
  return { ...dictionaryIn(text.toString(major === 3 ? 'utf8' : 'latin1')), dataStart };
}

/** One entry: a key, then a string, a truth value, a tuple of sizes (Python 2 wrote `3L`) or the list of a record's fields. */
const entry =
  /\s*(?:'(\w+)'|"(\w+)")\s*:\s*(?:'([^']*)'|"([^"]*)"|(True|False)|\(([\d\sL,]*)\)|(\[[\s\S]*\]))\s*(?:,\s*|$)/gy;

/** The header is compared with the few forms that NumPy writes; nothing of it is evaluated. */
function dictionaryIn(text: string): Omit<NpyHeader, 'dataStart'> {
  const dictionary = text.trim();
  const entries = dictionary.slice(1, -1);
  const found = new Map<string, string | boolean | readonly number[]>();
  let end = 0;
  for (const [whole, single, double, quoted, doubleQuoted, truth, sizes, fields] of entries.matchAll(entry)) {
    end += whole.length;
    if (fields !== undefined) {
      if (/['"]\|?O\d?['"]/.test(fields)) throw pickled();
      throw new InvalidNpyError('UNSUPPORTED_TYPE', 'the elements are records with fields; save one array of numbers');
    }
    const key = (single ?? double)!;
    if (found.has(key)) throw notNpy(`the header names "${key}" twice`);
    found.set(key, truth ? truth === 'True' : (quoted ?? doubleQuoted ?? sizesIn(sizes!)));
  }
  const dtype = found.get('descr');
  const isFortranOrder = found.get('fortran_order');
  const shape = found.get('shape');
  const isWhole = `{${entries}}` === dictionary && end === entries.length && found.size === 3;
  if (!isWhole || typeof dtype !== 'string' || typeof isFortranOrder !== 'boolean' || !Array.isArray(shape)) {
    throw notNpy("the header is not a dictionary of 'descr', 'fortran_order' and 'shape'");
  }
  if (/^[<>|=]?O/.test(dtype)) throw pickled();
  return { dtype, isFortranOrder, shape };
}

function sizesIn(text: string): number[] {
  const sizes = text
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '');
  return sizes.map((size) => {
    if (/^\d{1,15}L?$/.test(size)) return Number.parseInt(size, 10);
    throw notNpy('the shape in the header is not a tuple of sizes');
  });
}

function notNpy(found: string): InvalidNpyError {
  return new InvalidNpyError('NOT_NPY', `${found}; write the matrix with numpy.save(path, matrix)`);
}

function pickled(): InvalidNpyError {
  return new InvalidNpyError(
    'PICKLED_ARRAY',
    "the elements are pickled Python objects, which are never loaded; save numbers: numpy.save(path, matrix.astype('float32'))",
  );
}

/** The head of a file of version 1.0 for a matrix in rows, as NumPy writes it. */
export function npyHead(dtype: string, rows: number, columns: number): Uint8Array {
  const dictionary = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  // NumPy leaves room for the first size to grow to 21 digits in place.
  const room = dictionary + ' '.repeat(21 - String(rows).length);
  const bytes = Math.ceil((10 + room.length + 1) / alignmentBytes) * alignmentBytes;
  const head = Buffer.alloc(bytes, ' ');
  head.write(magic, 0, 'latin1');
  head.set([1, 0], magic.length);
  head.writeUInt16LE(bytes - 10, 8);
  head.write(dictionary, 10, 'latin1');
  head[bytes - 1] = 0x0a;
  return head;
}
