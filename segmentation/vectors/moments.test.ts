import { describe, expect, it } from 'vitest';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { InvalidVectorsError } from './invalid-vectors-error.ts';
import { mergeMoments, momentsOf } from './moments.ts';
import { oracleRows } from './oracle-rows.ts';
import { BLOCK_ROWS } from './row-blocks.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });

/** NumPy: rows(10000, 3, 11) * [1, 100, 3] + [0, 5e5, -7], as float32. */
function rowsFarFromZero() {
  const rows = oracleRows(10_000, 3, 11);
  const [factor, offset] = [
    [1, 100, 3],
    [0, 5e5, -7],
  ];
  return { ...rows, data: rows.data.map((value, index) => value * factor![index % 3]! + offset![index % 3]!) };
}

describe('momentsOf', () => {
  it('agrees with NumPy, also for a column that lies 17,000 deviations from 0', async () => {
    const { count, mean, comoments } = await momentsOf(rowsFarFromZero(), runner);
    // numpy.mean(M, 0) and numpy.cov(M.T, bias=True) * 10000, in float64
    const expectedMean = [0.0028490917164366693, 500000.578334375, -7.009857967710495];
    const expectedComoments = [
      835.6506031128627, 1351.7898497336348, 6.458473711967126, 1351.7898497336348, 8241701.589405368,
      182.97057809678975, 6.458473711967126, 182.97057809678975, 7436.930026502664,
    ];
    expect(count).toBe(10_000);
    expectedMean.forEach((value, column) => {
      expect(Math.abs(mean[column]! - value)).toBeLessThan(1e-9);
    });
    const deviations = [0, 4, 8].map((index) => Math.sqrt(expectedComoments[index]!));
    expectedComoments.forEach((value, index) => {
      const scale = deviations[Math.floor(index / 3)]! * deviations[index % 3]!;
      expect(Math.abs(comoments[index]! - value) / scale).toBeLessThan(1e-6);
    });
  });

  it('merges shards of a power of two of blocks to the bits of the whole', async () => {
    const columns = 3;
    const whole = oracleRows(5 * BLOCK_ROWS + 77, columns, 5);
    const shardRows = 2 * BLOCK_ROWS;
    const shards = [];
    for (let start = 0; start < whole.rows; start += shardRows) {
      const data = whole.data.subarray(start * columns, (start + shardRows) * columns);
      shards.push(await momentsOf({ rows: data.length / columns, columns, data }, runner));
    }
    expect(mergeMoments(shards)).toEqual(await momentsOf(whole, runner));
  });

  it('names the row of a number that is not finite', async () => {
    const rows = oracleRows(9, 2, 1);
    rows.data[13] = Number.NaN;
    await expect(momentsOf(rows, runner)).rejects.toThrow('hold NaN in row 6, column 1');
  });

  it('refuses to merge nothing and unequal columns', async () => {
    expect(() => mergeMoments([])).toThrow(InvalidVectorsError);
    const parts = [await momentsOf(oracleRows(3, 2, 1), runner), await momentsOf(oracleRows(3, 4, 1), runner)];
    expect(() => mergeMoments(parts)).toThrow('moments of 2 and of 4 columns');
  });
});
