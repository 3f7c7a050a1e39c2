import { describe, expect, test } from 'vitest';
import { readNpy as readNpyWithin, writeNpy } from './npy.ts';
import { numpyFiles } from './numpy-files.ts';

const bytesOf = (name: keyof typeof numpyFiles): Uint8Array => Buffer.from(numpyFiles[name], 'base64');

const readNpy = (file: Uint8Array) => readNpyWithin(file, { maxElements: 100 });

const reals = [1.5, -2.25, 0.1, 0.001, 65504, -0];
const integers = [1, -2, 100, 127, -128, 0];
const naturals = [1, 2, 100, 127, 255, 0];

/** What numpy's own `astype('float16')` makes of 0.1 and 0.001. */
const halves = [1.5, -2.25, 0.0999755859375, 0.0010004043579101562, 65504, -0];

describe('a file that NumPy wrote', () => {
  test.each([
    ['<f2', halves],
    ['>f2', halves],
    ['<f4', reals],
    ['>f4', reals],
    ['<f8', reals],
    ['>f8', reals],
    ['i1', integers],
    ['<i2', integers],
    ['>i4', integers],
    ['<i8', integers],
    ['>i8', integers],
    ['u1', naturals],
    ['<u2', naturals],
    ['<u4', naturals],
    ['>u8', naturals],
    ['fortran', reals],
    ['version 2.0', reals],
    ['version 3.0', reals],
  ] as const)('of %s is read as float32, in rows', (name, values) => {
    const { rows, columns, data } = readNpy(bytesOf(name));
    expect({ rows, columns, data }).toEqual({ rows: 2, columns: 3, data: Float32Array.from(values) });
  });

  test('says of which type its elements are', () => {
    expect(readNpy(bytesOf('>f8')).dtype).toBe('>f8');
    expect(readNpy(bytesOf('i1')).dtype).toBe('|i1');
  });

  test('may stand anywhere in memory', () => {
    const moved = Buffer.concat([Buffer.alloc(3), bytesOf('<f8')]).subarray(3);
    expect(readNpy(moved).data).toEqual(Float32Array.from(reals));
  });

  test('holds infinities where a number is beyond float32', () => {
    expect([...readNpy(bytesOf('beyond float32')).data]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  test.each([
    ['objects', 'PICKLED_ARRAY', /pickled Python objects.*astype/],
    ['records of objects', 'PICKLED_ARRAY', /pickled/],
    ['records', 'UNSUPPORTED_TYPE', /records with fields/],
    ['complex', 'UNSUPPORTED_TYPE', /"<c16"; allowed: f2, f4, f8, i1/],
    ['strings', 'UNSUPPORTED_TYPE', /"<U1"/],
    ['booleans', 'UNSUPPORTED_TYPE', /"\|b1"/],
    ['0-D', 'NOT_A_MATRIX', /0 dimensions/],
    ['1-D', 'NOT_A_MATRIX', /1 dimensions \(3\); two are needed/],
    ['3-D', 'NOT_A_MATRIX', /3 dimensions \(2 x 1 x 2\)/],
    ['no rows', 'EMPTY_MATRIX', /0 x 3/],
    ['no columns', 'EMPTY_MATRIX', /3 x 0/],
    ['npz', 'NOT_NPY', /zip archive.*numpy\.save/],
  ] as const)('with %s is refused as %s', (name, code, message) => {
    expect(() => readNpy(bytesOf(name))).toThrow(
      expect.objectContaining({ name: 'InvalidNpyError', code, message: expect.stringMatching(message) }),
    );
  });
});

describe('a file that is cut off, or longer than it says', () => {
  test.each([0, 5, 6, 8, 9, 11, 60, 127, 128, 129, 151])('after %i bytes is refused', (length) => {
    const code = length < 128 ? 'NOT_NPY' : 'WRONG_LENGTH';
    expect(() => readNpy(bytesOf('<f4').slice(0, length))).toThrow(expect.objectContaining({ code }));
  });

  test('says how many bytes there are and how many there should be', () => {
    const twice = Buffer.concat([bytesOf('<f4'), bytesOf('<f4')]);
    expect(() => readNpy(twice)).toThrow(
      /2 x 3 elements of type <f4 are 24 bytes, the file holds 176 after its header/,
    );
  });
});

describe('a header that NumPy did not write', () => {
  const withHeader = (text: string, version = 1): Uint8Array => {
    const length = Buffer.alloc(version === 1 ? 2 : 4);
    length.writeUIntLE(text.length, 0, length.length);
    return Buffer.concat([
      Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, 'latin1'),
      length,
      Buffer.from(text),
    ]);
  };
  const valid = "'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)";

  test('is read where it says the same in other words', () => {
    const file = withHeader('{"shape":(1L,1L),"descr":"<f4",\n"fortran_order":True}\n', 2);
    expect([...readNpy(Buffer.concat([file, Buffer.from([0, 0, 0x80, 0x3f])])).data]).toEqual([1]);
  });

  test.each([
    ['no dictionary', '[1, 2]'],
    ['a key too few', "{'descr': '<f4', 'shape': (1, 1)}"],
    ['a key too many', `{${valid}, 'extra': True}`],
    ['a key twice', `{${valid}, 'descr': '<f8'}`],
    ['a call', `{${valid}, 'shape': __import__('os').system('true')}`],
    ['something behind it', `{${valid}} or 1`],
    ['a shape below zero', "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 1)}"],
    ['a shape beyond all memory', `{'descr': '<f4', 'fortran_order': False, 'shape': (${'9'.repeat(40)}, 1)}`],
    ['a shape of words', "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1, L)}"],
    ['brackets without end', `{'descr': ${'['.repeat(9_900)}`],
  ])('with %s is refused', (_, text) => {
    expect(() => readNpy(withHeader(text))).toThrow(expect.objectContaining({ code: 'NOT_NPY' }));
  });

  test('is refused by its length before it is read', () => {
    expect(() => readNpy(withHeader(' '.repeat(10_001), 2))).toThrow(/10001 bytes long; allowed: 10000/);
    const claims = withHeader('', 2);
    claims.set([0xff, 0xff, 0xff, 0xff], 8);
    expect(() => readNpy(claims)).toThrow(/4294967295 bytes long/);
  });

  test.each(['(11, 10)', '(999999999999999, 999999999999999)'])('of the shape %s is refused as too large', (shape) => {
    const text = `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}}`;
    expect(() => readNpy(withHeader(text))).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
  });

  test('of an unknown version is refused', () => {
    expect(() => readNpy(withHeader(`{${valid}}`, 4))).toThrow(/version 4\.0; allowed: 1\.0, 2\.0, 3\.0/);
  });
});

test('a matrix is written byte for byte as NumPy writes it', () => {
  const written = writeNpy({ rows: 2, columns: 3, data: Float32Array.from(reals) });
  expect(Buffer.from(written).toString('base64')).toBe(numpyFiles['<f4']);
});
