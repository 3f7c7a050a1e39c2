import { create } from '@bufbuild/protobuf';
import type { Tensor, TensorType } from '../tensor.ts';
import { type TensorProto, TensorProtoSchema } from './onnx-messages_pb.ts';

/** ONNX `TensorProto.DataType` of each element type (https://onnx.ai/onnx/repo-docs/IR.html, "Tensor Element Types"). */
export const elementTypeNumber = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
} as const satisfies Record<TensorType, number>;

const elementTypeName = new Map<number, TensorType>(
  Object.entries(elementTypeNumber).map(([name, number]) => [number, name as TensorType]),
);

const arrayConstructor = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** The tensor as an ONNX message whose `rawData` is a view of the tensor's own memory (ONNX raw data is little-endian). */
export function tensorMessage(name: string, tensor: Tensor): TensorProto {
  const { data } = tensor;
  return create(TensorProtoSchema, {
    name,
    dims: tensor.dims.map(BigInt),
    dataType: elementTypeNumber[tensor.type],
    rawData: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
  });
}

/**
 * The tensor of an ONNX message that keeps its elements in `rawData`; a view of the message's memory where that is aligned, else a copy.
 * Throws a RangeError for an element type outside `TensorType`, for elements kept in another field and for a wrong number of elements.
 */
export function tensorOfMessage(message: TensorProto): Tensor {
  const type = elementTypeName.get(message.dataType);
  if (type === undefined) {
    throw new RangeError(
      `tensor "${message.name}" has ONNX element type ${message.dataType}; allowed: ${[...elementTypeName.keys()].join(', ')}`,
    );
  }
  const dims = message.dims.map(Number);
  const elements = dims.reduce((product, dim) => product * dim, 1);
  const { rawData } = message;
  const TypedArray = arrayConstructor[type];
  if (rawData.byteLength !== elements * TypedArray.BYTES_PER_ELEMENT) {
    throw new RangeError(
      `tensor "${message.name}" [${dims}] needs ${elements * TypedArray.BYTES_PER_ELEMENT} bytes of raw data, got ${rawData.byteLength}`,
    );
  }
  const bytes = rawData.byteOffset % TypedArray.BYTES_PER_ELEMENT === 0 ? rawData : rawData.slice();
  return { type, dims, data: new TypedArray(bytes.buffer as ArrayBuffer, bytes.byteOffset, elements) };
}
