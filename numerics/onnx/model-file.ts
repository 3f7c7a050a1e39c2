import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type ModelProto, ModelProtoSchema } from './onnx-messages_pb.ts';

export class InvalidOnnxFileError extends Error {
  override readonly name = 'InvalidOnnxFileError';
  readonly code = 'INVALID_ONNX_FILE';
  readonly retryable = false;
}

/** Parses an ONNX file. Byte fields (weights) are views of `bytes`. */
export function readOnnxModel(bytes: Uint8Array): ModelProto {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new InvalidOnnxFileError(
      `these ${bytes.byteLength} bytes are not an ONNX file: they do not parse as a ModelProto; export the model again`,
      { cause },
    );
  }
  if (model.graph === undefined || model.graph.node.length === 0) {
    throw new InvalidOnnxFileError('the ONNX file has no graph with nodes; export the model again');
  }
  return model;
}

/** The file of a model: the same model always gives the same bytes. */
export function writeOnnxModel(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}
