import { create } from '@bufbuild/protobuf';
import type { Tensor, TensorType } from '../tensor.ts';
import { writeOnnxModel } from './model-file.ts';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx-messages_pb.ts';
import { elementTypeNumber, tensorMessage } from './tensor-messages.ts';

/** ai.onnx operator set and file format version of every graph built here. */
export const OPSET_VERSION = 20;
export const IR_VERSION = 10;

/** A value of the graph, known by its name. The empty name stands for an optional input left out. */
export type Value = string;

/** A size, or the name of a size known only at run time. */
export type Dimension = number | string;

/** A number with a fraction is not told from a whole number by JavaScript, so float attributes are marked. */
export interface FloatAttribute {
  readonly float: number;
}
export interface FloatsAttribute {
  readonly floats: readonly number[];
}

/** Plain numbers are ONNX INT (they must be whole), arrays of them INTS; a `Tensor` is TENSOR and a `GraphBuilder` is GRAPH. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | FloatAttribute
  | FloatsAttribute
  | Tensor
  | GraphBuilder;

export type Attributes = Readonly<Record<string, AttributeValue>>;

const attributeType = { FLOAT: 1, INT: 2, STRING: 3, TENSOR: 4, GRAPH: 5, FLOATS: 6, INTS: 7 } as const;

/**
 * Builds an ONNX graph in evaluation order and writes it as a self-contained model file:
 *
 *     const graph = new GraphBuilder('distances');
 *     const vectors = graph.input('vectors', 'float32', ['n', 100]);
 *     const product = graph.node('MatMul', [vectors, graph.initializer('centroids', centroids)]);
 *     graph.output('product', product, 'float32', ['n', 8]);
 *     const model = graph.toModel();
 *
 * Operators are those of ai.onnx opset 20 unless `domain` says otherwise. The same calls give the same bytes.
 */
export class GraphBuilder {
  readonly name: string;
  readonly #proto: GraphProto;
  /** Names are unique over a graph and its subgraphs, which see the values of the graph around them. */
  readonly #names: Set<string>;
  readonly #constants = new Map<string, Value>();

  constructor(name: string, around?: GraphBuilder) {
    this.name = name;
    this.#proto = create(GraphProtoSchema, { name });
    this.#names = around === undefined ? new Set() : around.#names;
  }

  /** A body for Loop, If or Scan: pass it as an attribute. It may use any value defined in this graph before it is used. */
  subgraph(name: string): GraphBuilder {
    return new GraphBuilder(name, this);
  }

  input(name: string, type: TensorType, dims: readonly Dimension[]): Value {
    this.#claim(name);
    this.#proto.input.push(valueInfo(name, type, dims));
    return name;
  }

  /** A constant under a name of its own: weights. The tensor's memory is read when the model is written. */
  initializer(name: string, tensor: Tensor): Value {
    this.#claim(name);
    this.#proto.initializer.push(tensorMessage(name, tensor));
    return name;
  }

  /** A rank-0 constant; asking again for the same one gives the same value. */
  scalar(type: 'float32' | 'float64' | 'int32' | 'int64' | 'bool', value: number): Value {
    return this.#constant(type, [], [value]);
  }

  /** A constant int64 vector, as taken by axes, shapes, starts and ends. */
  ints(values: readonly number[]): Value {
    return this.#constant('int64', [values.length], values);
  }

  /** Adds an operator with one output. */
  node(operator: string, inputs: readonly Value[], attributes: Attributes = {}, domain = ''): Value {
    return this.nodes(operator, inputs, 1, attributes, domain)[0]!;
  }

  /** Adds an operator with `count` outputs. */
  nodes(
    operator: string,
    inputs: readonly Value[],
    count: number,
    attributes: Attributes = {},
    domain = '',
  ): readonly Value[] {
    const outputs = Array.from({ length: count }, () => this.#freshName(operator));
    this.#proto.node.push(
      create(NodeProtoSchema, {
        name: outputs[0]!,
        opType: operator,
        domain,
        input: [...inputs],
        output: outputs,
        attribute: Object.entries(attributes).map(([name, value]) => attributeMessage(name, value)),
      }),
    );
    return outputs;
  }

  /** Makes `value` leave the graph as `name`. */
  output(name: string, value: Value, type: TensorType, dims: readonly Dimension[]): void {
    this.#claim(name);
    this.#proto.node.push(create(NodeProtoSchema, { name, opType: 'Identity', input: [value], output: [name] }));
    this.#proto.output.push(valueInfo(name, type, dims));
  }

  /** The graph's message, for use as a subgraph or for inspection. */
  get message(): GraphProto {
    return this.#proto;
  }

  /** The ONNX file. `domainVersions` names operator sets other than ai.onnx that the nodes use. */
  toModel(domainVersions: Readonly<Record<string, number>> = {}): Uint8Array {
    return writeOnnxModel(
      create(ModelProtoSchema, {
        irVersion: BigInt(IR_VERSION),
        producerName: 'kindred',
        graph: this.#proto,
        opsetImport: [
          { domain: '', version: BigInt(OPSET_VERSION) },
          ...Object.entries(domainVersions).map(([domain, version]) => ({ domain, version: BigInt(version) })),
        ],
      }),
    );
  }

  #constant(
    type: 'float32' | 'float64' | 'int32' | 'int64' | 'bool',
    dims: number[],
    values: readonly number[],
  ): Value {
    const text = values.map((value) => (Object.is(value, -0) ? '-0' : String(value))).join('_');
    const key = `${type}_${dims.length === 0 ? 'scalar' : 'vector'}_${text}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const value = this.initializer(this.#freshName('constant', false), tensorOf(type, dims, values));
    this.#constants.set(key, value);
    return value;
  }

  #freshName(stem: string, claim = true): string {
    let number = this.#names.size;
    while (this.#names.has(`${stem}_${number}`)) number += 1;
    const name = `${stem}_${number}`;
    if (claim) this.#names.add(name);
    return name;
  }

  #claim(name: string): void {
    if (name === '' || this.#names.has(name)) {
      throw new RangeError(`"${name}" cannot name a value of graph "${this.name}": names are not empty and used once`);
    }
    this.#names.add(name);
  }
}

function tensorOf(type: TensorType, dims: number[], values: readonly number[]): Tensor {
  switch (type) {
    case 'float32':
      return { type, dims, data: Float32Array.from(values) };
    case 'float64':
      return { type, dims, data: Float64Array.from(values) };
    case 'int32':
      return { type, dims, data: Int32Array.from(values) };
    case 'int64':
      return { type, dims, data: BigInt64Array.from(values, BigInt) };
    case 'uint8':
    case 'bool':
      return { type, dims, data: Uint8Array.from(values) };
  }
}

function valueInfo(name: string, type: TensorType, dims: readonly Dimension[]): ValueInfoProto {
  const dim = dims.map((size) => ({
    value:
      typeof size === 'number'
        ? { case: 'dimValue' as const, value: BigInt(size) }
        : { case: 'dimParam' as const, value: size },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: elementTypeNumber[type], shape: { dim } } } },
  });
}

function attributeMessage(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: attributeType.INT, i: wholeNumber(name, value) });
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: attributeType.STRING, s: new TextEncoder().encode(value) });
  }
  if (value instanceof GraphBuilder)
    return create(AttributeProtoSchema, { name, type: attributeType.GRAPH, g: value.message });
  if ('float' in value) return create(AttributeProtoSchema, { name, type: attributeType.FLOAT, f: value.float });
  if ('floats' in value)
    return create(AttributeProtoSchema, { name, type: attributeType.FLOATS, floats: [...value.floats] });
  if ('data' in value)
    return create(AttributeProtoSchema, { name, type: attributeType.TENSOR, t: tensorMessage(name, value) });
  return create(AttributeProtoSchema, {
    name,
    type: attributeType.INTS,
    ints: value.map((whole) => wholeNumber(name, whole)),
  });
}

function wholeNumber(name: string, value: number): bigint {
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(
      `attribute "${name}" is ${value}, which is no whole number; write { float: ${value} } for a float attribute`,
    );
  }
  return BigInt(value);
}
