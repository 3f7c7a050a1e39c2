import { expect, test } from 'vitest';
import { GraphBuilder } from '../numerics/onnx/graph-builder.ts';
import type { NamedTensors, TensorType } from '../numerics/tensor.ts';
import { createInProcessRunner, GraphRunError } from './in-process.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });

const everyType: NamedTensors = {
  float32: { type: 'float32', dims: [2], data: Float32Array.of(1.5, -2) },
  float64: { type: 'float64', dims: [1, 2], data: Float64Array.of(0.1, 1e300) },
  int32: { type: 'int32', dims: [2, 1], data: Int32Array.of(-1, 2 ** 31 - 1) },
  int64: { type: 'int64', dims: [1], data: BigInt64Array.of(2n ** 62n) },
  uint8: { type: 'uint8', dims: [3], data: Uint8Array.of(0, 128, 255) },
  bool: { type: 'bool', dims: [2], data: Uint8Array.of(1, 0) },
};

test('every element type goes in and comes out unchanged, also from the middle of a buffer', async () => {
  const graph = new GraphBuilder('echo');
  for (const [name, { dims }] of Object.entries(everyType)) {
    const value = graph.input(name, name as TensorType, dims);
    graph.output(`${name}-out`, value, name as TensorType, dims);
  }
  const session = await runner.open(graph.toModel());
  const middle = Float32Array.of(9, 1.5, -2, 9).subarray(1, 3);
  const results = await session.run({ ...everyType, float32: { type: 'float32', dims: [2], data: middle } });
  for (const [name, tensor] of Object.entries(everyType)) expect(results[`${name}-out`]).toEqual(tensor);
  await session.close();
});

test('answers only the outputs asked for', async () => {
  const graph = new GraphBuilder('two');
  const x = graph.input('x', 'float32', []);
  graph.output('doubled', graph.node('Add', [x, x]), 'float32', []);
  graph.output('squared', graph.node('Mul', [x, x]), 'float32', []);
  const session = await runner.open(graph.toModel());
  const feeds = { x: { type: 'float32', dims: [], data: Float32Array.of(3) } } as const;
  expect(await session.run(feeds, ['squared'])).toEqual({
    squared: { type: 'float32', dims: [], data: Float32Array.of(9) },
  });
  expect(Object.keys(await session.run(feeds)).sort()).toEqual(['doubled', 'squared']);
  await session.close();
});

test('a graph that ONNX Runtime refuses, and feeds that do not fit, are GraphRunErrors', async () => {
  const unknown = new GraphBuilder('unknown');
  unknown.output('y', unknown.node('NoSuchOperator', [unknown.input('x', 'float32', [])]), 'float32', []);
  await expect(runner.open(unknown.toModel())).rejects.toThrow(GraphRunError);

  const graph = new GraphBuilder('typed');
  graph.output('y', graph.node('Abs', [graph.input('x', 'float32', [2])]), 'float32', [2]);
  const session = await runner.open(graph.toModel());
  await expect(session.run({ x: { type: 'int32', dims: [2], data: Int32Array.of(1, 2) } })).rejects.toThrow(
    GraphRunError,
  );
  await expect(session.run({})).rejects.toThrow(GraphRunError);
  await session.close();
});

test('an unsafe model is refused before ONNX Runtime sees it', async () => {
  const small = createInProcessRunner({ intraOpThreads: 1, maxModelBytes: 10 });
  await expect(small.open(new Uint8Array(11))).rejects.toMatchObject({ code: 'UNSAFE_ARTIFACT' });
});
