import { readSafetensors, writeSafetensors } from '../numerics/safetensors.ts';
import type { Matrix, NamedTensors, Tensor } from '../numerics/tensor.ts';
import { CorruptRecordError } from './errors.ts';
import type { ObjectStore } from './object-store.ts';

/** A safetensors object of the lake. Getters name what is missing or of another type. */
export class TensorFile {
  readonly #key: string;
  readonly tensors: NamedTensors;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(key: string, tensors: NamedTensors, metadata: Readonly<Record<string, string>>) {
    this.#key = key;
    this.tensors = tensors;
    this.metadata = metadata;
  }

  matrix(name: string): Matrix {
    const tensor = this.#tensor(name, 'float32');
    const [rows, columns] = tensor.dims;
    if (rows === undefined || columns === undefined) {
      throw new CorruptRecordError(`tensor ${name} of ${this.#key} has ${tensor.dims.length} dimensions instead of 2`);
    }
    return { rows, columns, data: tensor.data as Float32Array };
  }

  floats(name: string): Float32Array {
    return this.#tensor(name, 'float32').data as Float32Array;
  }

  doubles(name: string): Float64Array {
    return this.#tensor(name, 'float64').data as Float64Array;
  }

  ints(name: string): Int32Array {
    return this.#tensor(name, 'int32').data as Int32Array;
  }

  bytes(name: string): Uint8Array {
    return this.#tensor(name, 'uint8').data as Uint8Array;
  }

  /** 16-byte ids (pseudonyms, text ids) as 32 hex digits each. */
  ids(name: string): string[] {
    const bytes = Buffer.from(this.bytes(name));
    return Array.from({ length: bytes.length / 16 }, (_, row) => bytes.toString('hex', row * 16, row * 16 + 16));
  }

  /** A metadata entry that holds JSON. */
  json<T>(name: string, parse: (value: unknown) => T): T {
    try {
      return parse(JSON.parse(this.metadata[name] ?? ''));
    } catch (cause) {
      throw new CorruptRecordError(`metadata "${name}" of ${this.#key} is not what it should be`, { cause });
    }
  }

  #tensor(name: string, type: Tensor['type']): Tensor {
    const tensor = this.tensors[name];
    if (tensor?.type !== type) {
      throw new CorruptRecordError(
        `${this.#key} holds ${tensor ? `tensor ${name} as ${tensor.type}` : `no tensor ${name}`}; ${type} is expected`,
      );
    }
    return tensor;
  }
}

export async function readTensors(objects: ObjectStore, key: string): Promise<TensorFile> {
  const { tensors, metadata } = readSafetensors(await objects.get(key));
  return new TensorFile(key, tensors, metadata);
}

export async function putTensors(
  objects: ObjectStore,
  key: string,
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await objects.put(key, writeSafetensors(tensors, metadata), 'application/x-safetensors');
}

export function matrixTensor(matrix: Matrix): Tensor<'float32'> {
  return { type: 'float32', dims: [matrix.rows, matrix.columns], data: matrix.data };
}

/** Hex ids of 32 digits as U8 [n, 16]. */
export function idsTensor(ids: readonly string[]): Tensor<'uint8'> {
  const data = Buffer.alloc(ids.length * 16);
  ids.forEach((id, row) => {
    data.write(id, row * 16, 16, 'hex');
  });
  return { type: 'uint8', dims: [ids.length, 16], data };
}

export function intsTensor(data: Int32Array): Tensor<'int32'> {
  return { type: 'int32', dims: [data.length], data };
}

export function floatsTensor(data: Float32Array): Tensor<'float32'> {
  return { type: 'float32', dims: [data.length], data };
}
