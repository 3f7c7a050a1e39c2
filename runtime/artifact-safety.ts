import { createHash } from 'node:crypto';
import { InvalidOnnxFileError, readOnnxModel } from '../numerics/onnx/model-file.ts';
import type {
  GraphProto,
  ModelProto,
  NodeProto,
  SparseTensorProto,
  TensorProto,
} from '../numerics/onnx/onnx-messages_pb.ts';

/**
 * Checks of a model file before ONNX Runtime sees it: a model is data, and data must not read other files of this
 * machine, name operators that load native code, or be another file than the one that was pinned.
 */

export class UnsafeArtifactError extends Error {
  override readonly name = 'UnsafeArtifactError';
  readonly code = 'UNSAFE_ARTIFACT';
  readonly retryable = false;
}

/** ONNX files are protocol buffer messages, which end at 2 GiB. */
export const MAX_ARTIFACT_BYTES = 2 ** 31 - 1;

const allowedDomains: ReadonlySet<string> = new Set(['', 'ai.onnx', 'com.microsoft']);
/** Operators of the allowed domains that open files named by the model. */
const refusedOperators: ReadonlySet<string> = new Set(['com.microsoft:EPContext']);
const externalLocation = 1;

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** @throws UnsafeArtifactError when the file is not the pinned one; `artifact` names it in the message. */
export function assertPinned(artifact: string, bytes: Uint8Array, expectedSha256: string): void {
  const actual = sha256Hex(bytes);
  if (actual !== expectedSha256) {
    throw new UnsafeArtifactError(
      `${artifact} has sha256 ${actual}, its manifest says ${expectedSha256}; restore the file or pin the new one`,
    );
  }
}

/**
 * @throws UnsafeArtifactError when the file is larger than `maxBytes`, is no ONNX file, keeps tensors in other files, or uses operators
 * outside ai.onnx, com.microsoft and the functions it defines itself.
 */
export function assertSafeModel(bytes: Uint8Array, maxBytes: number = MAX_ARTIFACT_BYTES): void {
  if (bytes.byteLength > maxBytes) {
    throw new UnsafeArtifactError(`the model has ${bytes.byteLength} bytes; at most ${maxBytes} are allowed`);
  }
  let model: ModelProto;
  try {
    model = readOnnxModel(bytes);
  } catch (cause) {
    if (cause instanceof InvalidOnnxFileError) throw new UnsafeArtifactError(cause.message, { cause });
    throw cause;
  }
  if (model.trainingInfo.length > 0) {
    throw new UnsafeArtifactError('the model carries training graphs (training_info); export it for inference only');
  }
  const functions = new Set(model.functions.map(({ domain, name }) => `${domain}:${name}`));
  assertSafeGraph(model.graph!, functions);
  for (const { node } of model.functions) assertSafeNodes(node, functions);
}

function assertSafeGraph(graph: GraphProto, functions: ReadonlySet<string>): void {
  for (const tensor of graph.initializer) assertInternal(tensor);
  for (const sparse of graph.sparseInitializer) assertInternalSparse(sparse);
  assertSafeNodes(graph.node, functions);
}

function assertSafeNodes(nodes: readonly NodeProto[], functions: ReadonlySet<string>): void {
  for (const { opType, domain, attribute } of nodes) {
    const operator = `${domain}:${opType}`;
    if (refusedOperators.has(operator) || !(allowedDomains.has(domain) || functions.has(operator))) {
      throw new UnsafeArtifactError(
        `the model uses operator ${operator}; allowed are ai.onnx and com.microsoft, without ${[...refusedOperators].join(', ')}`,
      );
    }
    for (const { t, tensors, g, graphs, sparseTensor, sparseTensors } of attribute) {
      for (const tensor of t === undefined ? tensors : [t, ...tensors]) assertInternal(tensor);
      for (const sparse of sparseTensor === undefined ? sparseTensors : [sparseTensor, ...sparseTensors]) {
        assertInternalSparse(sparse);
      }
      for (const graph of g === undefined ? graphs : [g, ...graphs]) assertSafeGraph(graph, functions);
    }
  }
}

function assertInternalSparse({ values, indices }: SparseTensorProto): void {
  for (const tensor of [values, indices]) if (tensor !== undefined) assertInternal(tensor);
}

function assertInternal({ name, dataLocation, externalData }: TensorProto): void {
  if (dataLocation === externalLocation || externalData.length > 0) {
    throw new UnsafeArtifactError(
      `tensor "${name}" keeps its data in another file; save the model with all data inside`,
    );
  }
}
