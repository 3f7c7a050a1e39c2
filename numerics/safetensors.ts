import type { NamedTensors, Tensor, TensorType } from './tensor.ts';

/**
 * Safetensors files: an 8-byte little-endian header length, a JSON header (name -> dtype, shape, data_offsets; `__metadata__`
 * string -> string), then the tensors' bytes without gaps. https://github.com/huggingface/safetensors, "Format".
 */
export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: NamedTensors;
}

export class InvalidSafetensorsError extends Error {
  override readonly name = 'InvalidSafetensorsError';
  readonly code = 'INVALID_SAFETENSORS';
  readonly retryable = false;
}

const lengthBytes = 8;
/** The reference implementation's limit. */
const maxHeaderBytes = 100_000_000;

/** In the order in which the reference implementation lays tensors out. */
const elements = {
  I64: { type: 'int64', array: BigInt64Array },
  F64: { type: 'float64', array: Float64Array },
  F32: { type: 'float32', array: Float32Array },
  I32: { type: 'int32', array: Int32Array },
  U8: { type: 'uint8', array: Uint8Array },
  BOOL: { type: 'bool', array: Uint8Array },
} as const satisfies Record<string, { type: TensorType; array: unknown }>;
type Dtype = keyof typeof elements;

const dtypes = Object.keys(elements) as Dtype[];
const dtypeOf = (type: TensorType): Dtype => dtypes.find((dtype) => elements[dtype].type === type)!;

interface HeaderEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Writes a file whose bytes depend only on the content, as the reference implementation does: wider elements first, then by name, so
 * that every tensor is aligned.
 * @throws RangeError when a tensor's data does not fit its dims.
 */
export function writeSafetensors(tensors: NamedTensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const named = Object.entries(tensors).sort(
    ([nameA, a], [nameB, b]) =>
      dtypes.indexOf(dtypeOf(a.type)) - dtypes.indexOf(dtypeOf(b.type)) || (nameA < nameB ? -1 : Number(nameA > nameB)),
  );
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = sortedByKey(metadata);
  let dataBytes = 0;
  for (const [name, { type, dims, data }] of named) {
    if (name === '__metadata__') throw new RangeError('a tensor cannot be named "__metadata__": choose another name');
    if (product(dims) !== data.length) {
      throw new RangeError(`tensor "${name}" [${dims}] has ${data.length} elements instead of ${product(dims)}`);
    }
    header[name] = { dtype: dtypeOf(type), shape: dims, data_offsets: [dataBytes, dataBytes + data.byteLength] };
    dataBytes += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / lengthBytes) * lengthBytes;
  const file = new Uint8Array(lengthBytes + headerBytes + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, lengthBytes, lengthBytes + headerBytes).set(json, lengthBytes);
  let at = lengthBytes + headerBytes;
  for (const [, { data }] of named) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * Reads a file. Tensors are views of `file` where their bytes are aligned in memory, else copies.
 * @throws InvalidSafetensorsError when the file does not follow the format or holds an element type outside `TensorType`.
 */
export function readSafetensors(file: Uint8Array): Safetensors {
  const { header, dataStart } = readHeader(file);
  const { __metadata__: metadata = {}, ...described } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw new InvalidSafetensorsError('__metadata__ must be an object of strings; write numbers and objects as text');
  }
  const entries = Object.entries(described).map(([name, entry]) => headerEntry(name, entry));
  assertDataCovered(entries, file.byteLength - dataStart);
  return {
    metadata: metadata as Record<string, string>,
    tensors: Object.fromEntries(entries.map((entry) => [entry.name, tensorAt(file, dataStart, entry)])),
  };
}

function readHeader(file: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (file.byteLength < lengthBytes) {
    throw new InvalidSafetensorsError(
      `the file has ${file.byteLength} bytes; a safetensors file starts with an 8-byte length`,
    );
  }
  const headerBytes = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(maxHeaderBytes, file.byteLength - lengthBytes))) {
    throw new InvalidSafetensorsError(
      `the header is said to be ${headerBytes} bytes long; the file holds ${file.byteLength - lengthBytes} after the length and at most ${maxHeaderBytes} are allowed`,
    );
  }
  const dataStart = lengthBytes + Number(headerBytes);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(lengthBytes, dataStart)));
  } catch (cause) {
    throw new InvalidSafetensorsError('the header is not JSON in UTF-8', { cause });
  }
  if (!isRecord(header)) throw new InvalidSafetensorsError('the header must be a JSON object');
  return { header, dataStart };
}

function headerEntry(name: string, entry: unknown): HeaderEntry {
  if (!isRecord(entry)) throw new InvalidSafetensorsError(`tensor "${name}" must be described by an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(elements, dtype)) {
    throw new InvalidSafetensorsError(
      `tensor "${name}" has dtype ${JSON.stringify(dtype)}; allowed: ${dtypes.join(', ')}`,
    );
  }
  if (!isSizes(shape)) throw new InvalidSafetensorsError(`tensor "${name}": shape must be a list of sizes from 0 up`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw new InvalidSafetensorsError(`tensor "${name}": data_offsets must be [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  const neededBytes = product(shape) * elements[dtype as Dtype].array.BYTES_PER_ELEMENT;
  if (end - begin !== neededBytes) {
    throw new InvalidSafetensorsError(
      `tensor "${name}" ${dtype} [${shape}] needs ${neededBytes} bytes, its data_offsets [${begin}, ${end}] give ${end - begin}`,
    );
  }
  return { name, dtype: dtype as Dtype, shape, begin, end };
}

/** Every byte of the data belongs to exactly one tensor. */
function assertDataCovered(entries: readonly HeaderEntry[], dataBytes: number): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      throw new InvalidSafetensorsError(
        `tensor "${name}" begins at byte ${begin} instead of ${covered}: no gaps, no overlaps`,
      );
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw new InvalidSafetensorsError(
      `the tensors cover ${covered} bytes, the file holds ${dataBytes} after its header`,
    );
  }
}

function tensorAt(file: Uint8Array, dataStart: number, { dtype, shape, begin, end }: HeaderEntry): Tensor {
  const { type, array: TypedArray } = elements[dtype];
  const view = file.subarray(dataStart + begin, dataStart + end);
  const bytes = view.byteOffset % TypedArray.BYTES_PER_ELEMENT === 0 ? view : Uint8Array.from(view);
  const length = (end - begin) / TypedArray.BYTES_PER_ELEMENT;
  return { type, dims: shape, data: new TypedArray(bytes.buffer as ArrayBuffer, bytes.byteOffset, length) };
}

function sortedByKey(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : Number(a > b))));
}

function product(dims: readonly number[]): number {
  return dims.reduce((size, dim) => size * dim, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
