import { expect, test } from 'vitest';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { toFullPrecision } from './full-precision.ts';
import { GraphBuilder } from './graph-builder.ts';
import { readOnnxModel } from './model-file.ts';

/** x [n, 2] times a 2 x 3 matrix of 8 bits, quantised as ONNX Runtime's quantiser writes it; `after` stands where Cast belongs. */
function quantizedModel(after = 'Cast'): Uint8Array {
  const graph = new GraphBuilder('quantized');
  const x = graph.input('x', 'float32', ['n', 2]);
  const weights = graph.initializer('W', {
    type: 'uint8',
    dims: [2, 3],
    data: Uint8Array.of(138, 120, 0, 128, 136, 255),
  });
  const zeros = graph.initializer('W-zero', { type: 'uint8', dims: [3], data: Uint8Array.of(128, 128, 127) });
  const scales = graph.initializer('W-scale', { type: 'float32', dims: [3], data: Float32Array.of(0.5, 0.25, 1) });
  const [q, scale, zero] = graph.nodes('DynamicQuantizeLinear', [x], 3);
  const product = graph.node('MatMulInteger', [q!, weights, zero!, zeros]);
  const cast = graph.node(after, [product], after === 'Cast' ? { to: 1 } : {});
  graph.output('y', graph.node('Mul', [cast, graph.node('Mul', [scale!, scales])]), 'float32', ['n', 3]);
  return graph.toModel();
}

test('the product is that of the weights by hand, without rounding the activations', async () => {
  const session = await createInProcessRunner({ intraOpThreads: 1 }).open(toFullPrecision(quantizedModel()));
  const { y } = await session.run({ x: { type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 0.5, 1000) } });
  // W = [[(138-128)/2, (120-128)/4, 0-127], [0, (136-128)/4, 255-127]] = [[5, -2, -127], [0, 2, 128]]
  // Eight bits of the range 0 to 1000 would have rounded the 0.5 to 0.
  expect(y!.data).toEqual(Float32Array.of(5, 2, 129, 2.5, 1999, 127936.5));
  await session.close();
});

test('nothing of the quantised product is left in the file', () => {
  const graph = readOnnxModel(toFullPrecision(quantizedModel())).graph!;
  expect(graph.node.map(({ opType }) => opType)).toEqual(['MatMul', 'Identity']);
  expect(graph.initializer.map(({ name }) => name)).toEqual(['W_float32']);
});

test('a product in other surroundings is refused by name', () => {
  expect(() => toFullPrecision(quantizedModel('Neg'))).toThrow(/goes to Neg, expected Cast/);
});
