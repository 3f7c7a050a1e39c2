import { expect, test } from 'vitest';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { GraphBuilder } from './graph-builder.ts';
import { InvalidOnnxFileError, readOnnxModel, writeOnnxModel } from './model-file.ts';
import { tensorOfMessage } from './tensor-messages.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });

/** y = x W, then `times` times y += x W + offset. */
function buildLoopModel(): Uint8Array {
  const graph = new GraphBuilder('loop');
  const x = graph.input('x', 'float32', ['n', 3]);
  const times = graph.input('times', 'int64', []);
  const weights = graph.initializer('weights', {
    type: 'float32',
    dims: [3, 2],
    data: Float32Array.of(1, 2, 3, 4, 5, 6),
  });
  const product = graph.node('MatMul', [x, weights]);
  const body = graph.subgraph('body');
  body.input('iteration', 'int64', []);
  const goOn = body.input('go-on', 'bool', []);
  const sum = body.input('sum', 'float32', ['n', 2]);
  body.output('go-on-next', goOn, 'bool', []);
  const shifted = body.node('Add', [product, body.scalar('float32', 0.5)]);
  body.output('sum-next', body.node('Add', [sum, shifted]), 'float32', ['n', 2]);
  graph.output('y', graph.node('Loop', [times, '', product], { body }), 'float32', ['n', 2]);
  return graph.toModel();
}

test('a graph with a loop over values of the graph around it runs', async () => {
  const session = await runner.open(buildLoopModel());
  const { y } = await session.run({
    x: { type: 'float32', dims: [2, 3], data: Float32Array.of(1, 1, 1, 0, 1, 0) },
    times: { type: 'int64', dims: [], data: BigInt64Array.of(2n) },
  });
  // By hand: rows of x W are [9, 12] and [3, 4]; three of each and twice 0.5.
  expect(y).toEqual({ type: 'float32', dims: [2, 2], data: Float32Array.of(28, 37, 10, 13) });
  await session.close();
});

test('attributes reach the operator with their ONNX types', async () => {
  const graph = new GraphBuilder('attributes');
  const x = graph.input('x', 'float32', [2, 2]);
  const leaky = graph.node('LeakyRelu', [x], { alpha: { float: 0.25 } });
  const transposed = graph.node('Transpose', [leaky], { perm: [1, 0] });
  const constant = graph.node('Constant', [], {
    value: { type: 'float32', dims: [2], data: Float32Array.of(10, 20) },
  });
  const [low, high] = graph.nodes('Split', [graph.node('Add', [transposed, constant])], 2, { axis: 0, num_outputs: 2 });
  graph.output('low', low!, 'float32', [1, 2]);
  graph.output('high', graph.node('Gelu', [high!], { approximate: 'none' }), 'float32', [1, 2]);
  const session = await runner.open(graph.toModel());
  const results = await session.run({ x: { type: 'float32', dims: [2, 2], data: Float32Array.of(1, -4, 3, -8) } });
  expect(results.low!.data).toEqual(Float32Array.of(11, 23));
  // Gelu(x) is x to within float32 for x >= 9.
  expect(results.high!.data).toEqual(Float32Array.of(9, 18));
  await session.close();
});

test('the same calls give the same bytes, and reading and writing a file changes nothing', () => {
  const bytes = buildLoopModel();
  expect(buildLoopModel()).toEqual(bytes);
  expect(writeOnnxModel(readOnnxModel(bytes))).toEqual(bytes);
});

test('a file read back holds the opset and the weights', () => {
  const model = readOnnxModel(buildLoopModel());
  expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 20n]]);
  expect(tensorOfMessage(model.graph!.initializer[0]!)).toEqual({
    type: 'float32',
    dims: [3, 2],
    data: Float32Array.of(1, 2, 3, 4, 5, 6),
  });
});

test('equal constants are stored once', () => {
  const graph = new GraphBuilder('constants');
  expect(graph.scalar('float32', 1)).toBe(graph.scalar('float32', 1));
  const others = [graph.scalar('int64', 1), graph.ints([1]), graph.scalar('float32', -0), graph.scalar('float32', 0)];
  expect(new Set([graph.scalar('float32', 1), ...others]).size).toBe(5);
});

test('refuses a name used twice, also in a subgraph, and a fraction as a whole attribute', () => {
  const graph = new GraphBuilder('names');
  graph.input('x', 'float32', []);
  expect(() => graph.subgraph('body').input('x', 'float32', [])).toThrow('"x" cannot name a value of graph "body"');
  expect(() => graph.node('LeakyRelu', ['x'], { alpha: 0.5 })).toThrow('attribute "alpha" is 0.5');
});

test('bytes that are no ONNX file are refused', () => {
  expect(() => readOnnxModel(Uint8Array.of(0xff, 0xff, 0xff))).toThrow(InvalidOnnxFileError);
  expect(() => readOnnxModel(new Uint8Array(0))).toThrow('no graph');
});
