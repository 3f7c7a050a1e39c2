import { describe, expect, it } from 'vitest';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { oracleRows } from '../vectors/oracle-rows.ts';
import { classifyRow, classifyRows, logitsOf, withTemperature } from './softmax.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });
const head = { weights: oracleRows(5, 3, 31), bias: Float32Array.of(0.5, -0.25, 0) };

describe('classifyRow', () => {
  it('takes the softmax of the linear layer', () => {
    const identity = { rows: 2, columns: 2, data: Float32Array.of(1, 0, 0, 1) };
    const probabilities = classifyRow(
      { weights: identity, bias: new Float32Array(2) },
      Float32Array.of(Math.log(3), 0),
    );
    expect(probabilities[0]).toBeCloseTo(0.75, 7);
    expect(probabilities[1]).toBeCloseTo(0.25, 7);
  });

  it('does not overflow', () => {
    const steep = { weights: { rows: 1, columns: 2, data: Float32Array.of(1e6, -1e6) }, bias: new Float32Array(2) };
    expect([...classifyRow(steep, Float32Array.of(1))]).toEqual([1, 0]);
  });

  it('refuses a vector that does not fit or is not finite', () => {
    expect(() => classifyRow(head, new Float32Array(4))).toThrow('weights are 5 x 3 for vectors of 4 and 3 biases');
    expect(() => classifyRow(head, Float32Array.of(1, 2, Number.NaN, 4, 5))).toThrow('NaN in row 0, column 2');
  });
});

describe('classifyRows', () => {
  it('agrees with classifyRow, over more than one block', async () => {
    const vectors = oracleRows(4100, 5, 32);
    const { rows, columns, data } = await classifyRows(head, vectors, runner);
    expect([rows, columns]).toEqual([4100, 3]);
    for (const row of [0, 4095, 4096, 4099]) {
      classifyRow(head, vectors.data.subarray(5 * row, 5 * row + 5)).forEach((probability, label) => {
        expect(data[3 * row + label]).toBeCloseTo(probability, 6);
      });
    }
  });
});

describe('withTemperature', () => {
  it('divides the logits', async () => {
    const vectors = oracleRows(4, 5, 33);
    const logits = await logitsOf(head, vectors, runner);
    const cooled = await logitsOf(withTemperature(head, 2.5), vectors, runner);
    logits.data.forEach((logit, index) => {
      expect(cooled.data[index]).toBeCloseTo(logit / 2.5, 6);
    });
    expect(() => withTemperature(head, 0)).toThrow('temperature is 0');
  });
});
