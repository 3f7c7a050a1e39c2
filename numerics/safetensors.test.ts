import { describe, expect, test } from 'vitest';
import { InvalidSafetensorsError, readSafetensors, writeSafetensors } from './safetensors.ts';
import type { NamedTensors } from './tensor.ts';

/** A file of header text and data, put together by the format's description alone. */
function fileOf(header: string, data: readonly number[] = []): Uint8Array {
  const json = new TextEncoder().encode(header);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, json.length, true);
  return Uint8Array.from([...length, ...json, ...data]);
}

const tensors: NamedTensors = {
  flag: { type: 'bool', dims: [3], data: Uint8Array.of(1, 0, 1) },
  vectors: { type: 'float32', dims: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) },
  labels: { type: 'int32', dims: [2], data: Int32Array.of(1, -2) },
  big: { type: 'int64', dims: [1], data: BigInt64Array.of(1099511627776n) },
};

/** Made by the Python package safetensors 0.8.0: `safetensors.numpy.save` of the same tensors with metadata {"job": '{"a":1}'}. */
const referenceFile = Buffer.from(
  'EAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJqb2IiOiJ7XCJhXCI6MX0ifSwiYmlnIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbMCw4XX0sInZlY3RvcnMiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsM10sImRhdGFfb2Zmc2V0cyI6WzgsMzJdfSwibGFiZWxzIjp7ImR0eXBlIjoiSTMyIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMzIsNDBdfSwiZmxhZyI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls0MCw0M119fQAAAAAAAQAAAAAAAAAAgD4AAAA/AABAPwAAgD8AAKA/AQAAAP7///8BAAE=',
  'base64',
);

describe('against the reference implementation', () => {
  test('writes the same bytes', () => {
    expect(Buffer.from(writeSafetensors(tensors, { job: '{"a":1}' })).equals(referenceFile)).toBe(true);
  });

  test('reads its file', () => {
    expect(readSafetensors(referenceFile)).toEqual({ metadata: { job: '{"a":1}' }, tensors });
  });
});

test('reads tensors as views of an aligned file and as equal copies of an unaligned one', () => {
  const aligned = new Uint8Array(referenceFile);
  expect(readSafetensors(aligned).tensors.vectors!.data.buffer).toBe(aligned.buffer);
  const shifted = new Uint8Array(referenceFile.length + 1);
  shifted.set(referenceFile, 1);
  expect(readSafetensors(shifted.subarray(1)).tensors).toEqual(tensors);
});

test('keeps tensors without elements and scalars', () => {
  const edges: NamedTensors = {
    empty: { type: 'float32', dims: [0, 3], data: new Float32Array(0) },
    scalar: { type: 'float64', dims: [], data: Float64Array.of(2.5) },
  };
  expect(readSafetensors(writeSafetensors(edges))).toEqual({ metadata: {}, tensors: edges });
});

test.each([
  ['too short for a length', Uint8Array.of(1, 2), '8-byte length'],
  ['a header longer than the file', fileOf('{}').with(0, 200), 'is said to be 200 bytes'],
  ['a header of another kind', fileOf('[]'), 'JSON object'],
  ['a broken header', fileOf('{"a":'), 'not JSON'],
  ['an unknown element type', fileOf('{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}', [0, 0]), '"BF16"'],
  ['an inherited name as element type', fileOf('{"a":{"dtype":"toString","shape":[],"data_offsets":[0,0]}}'), 'dtype'],
  [
    'a shape that does not fit',
    fileOf('{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}', [0, 0]),
    'needs 3 bytes',
  ],
  ['a negative size', fileOf('{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}'), 'sizes from 0 up'],
  [
    'overlapping tensors',
    fileOf(
      '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
      [1, 2, 3],
    ),
    'begins at byte 1 instead of 2',
  ],
  ['a gap before a tensor', fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', [1, 2]), 'instead of 0'],
  ['bytes of no tensor', fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1, 2]), 'cover 1 bytes'],
  ['metadata that is no text', fileOf('{"__metadata__":{"job":1}}'), 'object of strings'],
])('refuses %s', (_, file, reason) => {
  expect(() => readSafetensors(file)).toThrow(InvalidSafetensorsError);
  expect(() => readSafetensors(file)).toThrow(reason);
});

test('refuses to write a tensor whose data does not fit its dims', () => {
  expect(() => writeSafetensors({ a: { type: 'uint8', dims: [3], data: Uint8Array.of(1) } })).toThrow(
    'tensor "a" [3] has 1 elements instead of 3',
  );
});
