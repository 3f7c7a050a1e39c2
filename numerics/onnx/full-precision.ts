import { create } from '@bufbuild/protobuf';
import { readOnnxModel, writeOnnxModel } from './model-file.ts';
import { type GraphProto, type NodeProto, NodeProtoSchema, type TensorProto } from './onnx-messages_pb.ts';
import { tensorMessage } from './tensor-messages.ts';

/**
 * Undoes dynamic 8-bit quantisation: a GPU has no kernels for it and multiplies float32 faster. ONNX Runtime's quantiser writes x W as
 *
 *     x -> DynamicQuantizeLinear -> (q, scale, zero); MatMulInteger(q, Wq, zero, Wzero) -> Cast -> Mul(scale * Wscale)
 *
 * which becomes MatMul(x, (Wq - Wzero) * Wscale). What differs is that activations are no longer rounded, so a text's vector does not depend on the
 * texts beside it. https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
 *
 * @param file an ONNX file; Wq int8 or uint8 [rows, columns], Wscale float32 [columns] or [], Wzero like Wq [columns] or []
 * @returns the file with float32 products; other operators stay as they are
 * @throws RangeError when a MatMulInteger stands in other surroundings.
 */
export function toFullPrecision(file: Uint8Array): Uint8Array {
  const model = readOnnxModel(file);
  const graph = model.graph!;
  const surroundings = new Surroundings(graph);
  const replaced = new Set<NodeProto>();
  const products = new Map<NodeProto, NodeProto>();
  for (const product of graph.node.filter(({ opType }) => opType === 'MatMulInteger')) {
    const [quantized, weightsName, , zerosName] = product.input as [string, string, string, string];
    const quantizer = surroundings.producer(quantized, 'DynamicQuantizeLinear');
    const cast = surroundings.onlyConsumer(product, 'Cast');
    const rescaled = surroundings.onlyConsumer(cast, 'Mul');
    const scale = surroundings.producer(rescaled.input.find((name) => name !== cast.output[0])!, 'Mul');
    const scalesName = scale.input.find((name) => name !== quantizer.output[1])!;
    const weights = surroundings.initializer(weightsName);
    const name = `${weightsName}_float32`;
    if (!surroundings.hasInitializer(name)) {
      const [rows, columns] = weights.dims.map(Number) as [number, number];
      const data = dequantized(
        weights,
        columns,
        surroundings.initializer(scalesName),
        surroundings.initializer(zerosName),
      );
      surroundings.addInitializer(tensorMessage(name, { type: 'float32', dims: [rows, columns], data }));
    }
    for (const node of [quantizer, product, cast, scale]) replaced.add(node);
    const input = [quantizer.input[0]!, name];
    products.set(
      rescaled,
      create(NodeProtoSchema, { name: product.name, opType: 'MatMul', input, output: rescaled.output }),
    );
  }
  graph.node = graph.node.filter((node) => !replaced.has(node)).map((node) => products.get(node) ?? node);
  const used = new Set(graph.node.flatMap(({ input }) => input));
  graph.initializer = graph.initializer.filter(({ name }) => used.has(name));
  return writeOnnxModel(model);
}

/** Finds a value's neighbours in a graph. */
class Surroundings {
  readonly #graph: GraphProto;
  readonly #producers: ReadonlyMap<string, NodeProto>;
  readonly #initializers: Map<string, TensorProto>;

  constructor(graph: GraphProto) {
    this.#graph = graph;
    this.#producers = new Map(graph.node.flatMap((node) => node.output.map((output) => [output, node] as const)));
    this.#initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  }

  producer(value: string, opType: string): NodeProto {
    const node = this.#producers.get(value);
    if (node?.opType !== opType) throw unexpected(`"${value}" comes from ${node?.opType ?? 'no operator'}`, opType);
    return node;
  }

  onlyConsumer({ output }: NodeProto, opType: string): NodeProto {
    const consumers = this.#graph.node.filter(({ input }) => input.includes(output[0]!));
    const [first, ...others] = consumers;
    if (first?.opType !== opType || others.length > 0) {
      throw unexpected(
        `"${output[0]}" goes to ${consumers.map((node) => node.opType).join(', ') || 'no operator'}`,
        opType,
      );
    }
    return first;
  }

  initializer(name: string): TensorProto {
    const tensor = this.#initializers.get(name);
    if (tensor === undefined) throw unexpected(`"${name}" is computed`, 'an initializer');
    return tensor;
  }

  hasInitializer(name: string): boolean {
    return this.#initializers.has(name);
  }

  addInitializer(tensor: TensorProto): void {
    this.#initializers.set(tensor.name, tensor);
    this.#graph.initializer.push(tensor);
  }
}

/** weights [rows, columns] of 8 bits, scales and zeros of one value or one per column -> float32 [rows, columns] */
function dequantized(weights: TensorProto, columns: number, scales: TensorProto, zeros: TensorProto): Float32Array {
  const whole = eightBits(weights);
  const zero = eightBits(zeros);
  const scale =
    scales.floatData.length > 0 ? Float32Array.from(scales.floatData) : new Float32Array(scales.rawData.slice().buffer);
  const [perColumnScale, perColumnZero] = [scale.length > 1, zero.length > 1];
  const result = new Float32Array(whole.length);
  for (let at = 0; at < whole.length; at += 1) {
    const column = at % columns;
    result[at] = (whole[at]! - zero[perColumnZero ? column : 0]!) * scale[perColumnScale ? column : 0]!;
  }
  return result;
}

const uint8Type = 2;
const int8Type = 3;

/** The elements of an int8 or uint8 tensor, wherever the message keeps them. */
function eightBits({ name, dataType, rawData, int32Data }: TensorProto): ArrayLike<number> {
  if (dataType !== int8Type && dataType !== uint8Type)
    throw unexpected(`"${name}" has element type ${dataType}`, 'int8 or uint8');
  if (int32Data.length > 0) return int32Data;
  return dataType === uint8Type ? rawData : new Int8Array(rawData.buffer, rawData.byteOffset, rawData.byteLength);
}

function unexpected(found: string, expected: string): RangeError {
  return new RangeError(
    `this quantised product cannot be turned back: ${found}, expected ${expected}; use a float32 model`,
  );
}
