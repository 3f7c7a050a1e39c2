/** The element types that cross a graph's boundary, with the typed array that carries each. */
export interface TensorArrays {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export type TensorType = keyof TensorArrays;

/** A dense tensor, row-major. `data.length` is the product of `dims`. */
export interface Tensor<T extends TensorType = TensorType> {
  readonly type: T;
  readonly dims: readonly number[];
  readonly data: TensorArrays[T];
}

export type NamedTensors = Readonly<Record<string, Tensor>>;

/** A float32 matrix, flat and row-major: `data[row * columns + column]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}
