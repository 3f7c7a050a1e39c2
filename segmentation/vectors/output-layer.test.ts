import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../numerics/tensor.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { momentsOf } from './moments.ts';
import { oracleRows } from './oracle-rows.ts';
import { fitOutputLayer, projectRow, projectRows } from './output-layer.ts';
import { selectRows } from './row-blocks.ts';
import type { VectorBlock } from './vector-blocks.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });
const blocks: readonly VectorBlock[] = [
  { name: 'text', columns: 3, scaling: 'whole-block', weight: 1 },
  { name: 'behaviour', columns: 3, scaling: 'each-column', weight: 1 },
  { name: 'profile', columns: 2, scaling: 'each-column', weight: 0.5 },
];

/** 500 x 8: correlated text columns, money, a constant, a small unit, and a 0/1 column. The same rows were made in NumPy. */
function customerRows(): Matrix {
  const rows = oracleRows(500, 8, 13, 3, 0.8);
  for (let start = 0; start < rows.data.length; start += 8) {
    const row = Array.from(rows.data.subarray(start, start + 8));
    row[1]! += row[0]!;
    row[3] = row[3]! * 1000 + 200;
    row[4] = 5;
    row[5] = row[5]! * 0.01 + row[0]! * 0.01;
    row[7] = row[7]! > 0.2 ? 1 : 0;
    rows.data.set(row, start);
  }
  return rows;
}

describe('fitOutputLayer', () => {
  it('agrees with scikit-learn on variances, rotation and signs', async () => {
    const rows = customerRows();
    const layer = fitOutputLayer(await momentsOf(rows, runner), blocks, 4);
    // sklearn.decomposition.PCA(4) of the centred rows, each block scaled to its weight in NumPy; explained_variance_ * 499 / 500
    const variances = [1.0848922433950958, 0.6471230182787264, 0.3383673726194391, 0.14659296695308555];
    const vectors = [
      [1.0595973628866253, -0.12829837736698665, 0.9284196531671094, 0.869745058703779],
      [-0.18172420118091226, -0.3962724172739308, -0.14396859032782763, 0.31240881411910715],
    ];
    expect(layer.dims).toBe(4);
    expect(layer.totalVariance).toBeCloseTo(2.5, 12);
    expect(layer.blocks.map(({ constantColumns }) => constantColumns)).toEqual([0, 1, 0]);
    variances.forEach((variance, dim) => {
      expect(layer.explainedVariance[dim]).toBeCloseTo(variance, 6);
    });
    const projected = await projectRows(layer, selectRows(rows, [0, 1]), runner);
    vectors.flat().forEach((value, index) => {
      expect(projected.data[index]).toBeCloseTo(value, 5);
    });
  });

  it('keeps distances when all components are kept: vectors carry the whole variance', async () => {
    const rows = customerRows();
    const layer = fitOutputLayer(await momentsOf(rows, runner), blocks);
    expect(layer.dims).toBe(7);
    const vectors = await momentsOf(await projectRows(layer, rows, runner), runner);
    const variances = Array.from({ length: 7 }, (_, dim) => vectors.comoments[dim * 7 + dim]! / 500);
    expect(variances.reduce((sum, variance) => sum + variance)).toBeCloseTo(2.5, 5);
    variances.forEach((variance, dim) => {
      expect(variance).toBeCloseTo(layer.explainedVariance[dim]!, 5);
    });
  });

  it.each([
    ['one row', 1],
    ['rows all alike', 300],
  ])('maps %s to a single component of zeros', async (_, count) => {
    const row = oracleRows(1, 8, 17).data;
    const rows = { rows: count, columns: 8, data: new Float32Array(count * 8) };
    for (let start = 0; start < rows.data.length; start += 8) rows.data.set(row, start);
    const layer = fitOutputLayer(await momentsOf(rows, runner), blocks);
    expect([layer.dims, layer.totalVariance, layer.explainedVariance[0]]).toEqual([1, 0, 0]);
    expect((await projectRows(layer, rows, runner)).data.every((value) => value === 0)).toBe(true);
  });

  it('gives a block of weight 0 no say', async () => {
    const silent = blocks.map((block) => (block.name === 'text' ? { ...block, weight: 0 } : block));
    const layer = fitOutputLayer(await momentsOf(customerRows(), runner), silent);
    expect(layer.projection.data.subarray(0, 3 * layer.dims).every((value) => value === 0)).toBe(true);
    expect(layer.dims).toBe(4);
  });

  it('refuses a layout that does not fit, weights below 0 and dims below 1', async () => {
    const moments = await momentsOf(customerRows(), runner);
    expect(() => fitOutputLayer(moments, blocks.slice(1))).toThrow('the blocks lay out 5 columns; the moments have 8');
    expect(() => fitOutputLayer(moments, [{ ...blocks[0]!, columns: 8, weight: -1 }])).toThrow('"text" weighs -1');
    expect(() => fitOutputLayer(moments, blocks, 0)).toThrow('0 dimensions');
  });
});

describe('projectRows', () => {
  it('gives a row the same bits whatever stands around it', async () => {
    const rows = oracleRows(9000, 8, 3);
    const layer = fitOutputLayer(await momentsOf(rows, runner), blocks, 5);
    const whole = await projectRows(layer, rows, runner);
    const chosen = [8999, 5, 4096, 4097, 0, 7000, 13];
    const apart = await projectRows(layer, selectRows(rows, chosen), runner);
    expect(apart).toEqual(selectRows(whole, chosen));
  });

  it('agrees with the plain projection of one row', async () => {
    const rows = customerRows();
    const layer = fitOutputLayer(await momentsOf(rows, runner), blocks);
    const vector = projectRow(layer, rows.data.subarray(0, 8));
    const projected = await projectRows(layer, rows, runner);
    vector.forEach((value, dim) => {
      expect(projected.data[dim]).toBeCloseTo(value, 5);
    });
    await expect(projectRows(layer, oracleRows(2, 7, 1), runner)).rejects.toThrow('raw rows have 7 columns');
  });
});
