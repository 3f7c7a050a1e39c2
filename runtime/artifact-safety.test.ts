import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../numerics/onnx/graph-builder.ts';
import { readOnnxModel, writeOnnxModel } from '../numerics/onnx/model-file.ts';
import {
  FunctionProtoSchema,
  type ModelProto,
  SparseTensorProtoSchema,
  TensorProtoSchema,
} from '../numerics/onnx/onnx-messages_pb.ts';
import { assertPinned, assertSafeModel, sha256Hex, UnsafeArtifactError } from './artifact-safety.ts';

function safeModel(): Uint8Array {
  const graph = new GraphBuilder('safe');
  const x = graph.input('x', 'float32', ['n']);
  const weights = graph.initializer('weights', { type: 'float32', dims: [1], data: Float32Array.of(2) });
  graph.output('y', graph.node('Mul', [x, weights]), 'float32', ['n']);
  return graph.toModel();
}

function changed(change: (model: ModelProto) => void): Uint8Array {
  const model = readOnnxModel(safeModel());
  change(model);
  return writeOnnxModel(model);
}

const external = () =>
  create(TensorProtoSchema, {
    name: 'stolen',
    dataType: 1,
    dims: [1n],
    dataLocation: 1,
    externalData: [{ key: 'location', value: '../../etc/passwd' }],
  });

/** A model with one more operator, `domain:opType`, holding `body` as a subgraph where given. */
function withOperator(domain: string, opType: string, body?: GraphBuilder): Uint8Array {
  const graph = new GraphBuilder('other');
  const x = graph.input('x', 'float32', ['n']);
  graph.output('y', graph.node(opType, [x], body === undefined ? {} : { body }, domain), 'float32', ['n']);
  return graph.toModel();
}

function bodyWith(domain: string, opType: string): GraphBuilder {
  const body = new GraphBuilder('body');
  body.output('inner', body.node(opType, [], {}, domain), 'float32', []);
  return body;
}

test('a model of ai.onnx and com.microsoft operators with its data inside is safe', () => {
  expect(() => assertSafeModel(safeModel())).not.toThrow();
  expect(() => assertSafeModel(withOperator('com.microsoft', 'FastGelu'))).not.toThrow();
});

describe('refuses', () => {
  test.each<[string, Uint8Array, string]>([
    ['an initializer in another file', changed(({ graph }) => graph!.initializer.push(external())), '"stolen"'],
    [
      'an initializer that names a file but does not say that it is external',
      changed(({ graph }) => graph!.initializer.push(create(TensorProtoSchema, { ...external(), dataLocation: 0 }))),
      '"stolen"',
    ],
    [
      'a sparse initializer in another file',
      changed(({ graph }) =>
        graph!.sparseInitializer.push(create(SparseTensorProtoSchema, { values: external(), dims: [1n] })),
      ),
      '"stolen"',
    ],
    [
      'a constant in another file',
      changed(({ graph }) => {
        graph!.node[0]!.attribute.push({
          ...readOnnxModel(withOperator('', 'Loop', bodyWith('', 'Abs'))).graph!.node[0]!.attribute[0]!,
          t: external(),
        });
      }),
      '"stolen"',
    ],
    ['an operator of another domain', withOperator('com.example', 'RunShell'), 'com.example:RunShell'],
    ['an operator of another domain in a subgraph', withOperator('', 'Loop', bodyWith('evil', 'Op')), 'evil:Op'],
    ['a compiled context, which may name a file', withOperator('com.microsoft', 'EPContext'), 'EPContext'],
    ['training graphs', changed((model) => model.trainingInfo.push(Uint8Array.of(10, 0))), 'training_info'],
    ['bytes that are no model', new TextEncoder().encode('ORTM something else'), 'not an ONNX file'],
  ])('%s', (_, model, reason) => {
    expect(() => assertSafeModel(model)).toThrow(UnsafeArtifactError);
    expect(() => assertSafeModel(model)).toThrow(reason);
  });

  test('a model larger than allowed', () => {
    const model = safeModel();
    expect(() => assertSafeModel(model, model.length)).not.toThrow();
    expect(() => assertSafeModel(model, model.length - 1)).toThrow(`at most ${model.length - 1} are allowed`);
  });
});

test('functions that the model defines itself are allowed, but not what they may not use', () => {
  const withFunction = (innerDomain: string) => {
    const model = readOnnxModel(withOperator('local', 'Twice'));
    const [node] = readOnnxModel(withOperator(innerDomain, 'Abs')).graph!.node;
    model.functions.push(create(FunctionProtoSchema, { domain: 'local', name: 'Twice', node: [node!] }));
    return writeOnnxModel(model);
  };
  expect(() => assertSafeModel(withFunction(''))).not.toThrow();
  expect(() => assertSafeModel(withFunction('evil'))).toThrow('evil:Abs');
});

test('a pinned file must be the pinned one', () => {
  const bytes = new TextEncoder().encode('abc');
  // FIPS 180-4, appendix: SHA-256 of "abc".
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(sha256Hex(bytes)).toBe(sha256);
  expect(() => assertPinned('abc.onnx', bytes, sha256)).not.toThrow();
  expect(() => assertPinned('abc.onnx', Uint8Array.of(1), sha256)).toThrow(UnsafeArtifactError);
});
