import { describe, expect, it } from 'vitest';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { oracleRows } from '../vectors/oracle-rows.ts';
import { chooseK } from './choose-k.ts';
import { silhouette } from './silhouette.ts';

const runner = createInProcessRunner({ intraOpThreads: 1 });

describe('chooseK', () => {
  it.each([3, 5, 8])('finds %i planted groups, apart and found again by both halves', async (groups) => {
    const vectors = oracleRows(800, groups, 3, groups, 1.5);
    const { k, candidates } = await chooseK(vectors, { seed: 1 }, runner);
    expect(k).toBe(groups);
    expect(candidates.map((candidate) => candidate.k)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const chosen = candidates.find((candidate) => candidate.k === groups)!;
    expect(chosen.stability).toBe(1);
    const planted = Int32Array.from({ length: 800 }, (_, row) => row % groups);
    expect(chosen.silhouette).toBeCloseTo((await silhouette(vectors, planted, { seed: 1 }, runner)).mean, 12);
    expect(chosen.smallestShare).toBe(Math.floor(800 / groups) / 800);
  });

  it('does not choose a segment that holds too few customers to be of use', async () => {
    const vectors = oracleRows(800, 4, 7, 4, 2);
    const outliers = { ...vectors, data: vectors.data.slice() };
    for (let index = 0; index < 10 * 4; index += 1) outliers.data[index]! -= 3;
    const strict = await chooseK(outliers, { seed: 1 }, runner);
    const lax = await chooseK(outliers, { seed: 1, smallestShare: 0.01 }, runner);
    expect([strict.k, lax.k]).toEqual([4, 5]);
    for (const { eligible, smallestShare } of strict.candidates) expect(eligible).toBe(smallestShare >= 0.02);
  });

  it('samples many rows and answers the same for the same seed', async () => {
    const vectors = oracleRows(3000, 4, 9, 4, 1.5);
    const options = { seed: 4, sampleRows: 500, silhouetteRows: 200, largestK: 6 };
    const choice = await chooseK(vectors, options, runner);
    expect(choice.k).toBe(4);
    expect(await chooseK(vectors, options, runner)).toEqual(choice);
  });

  it('makes one segment per distinct row if there are fewer than the smallest candidate', async () => {
    const alike = { rows: 50, columns: 2, data: new Float32Array(100).fill(1) };
    expect(await chooseK(alike, { seed: 1 }, runner)).toEqual({ k: 1, candidates: [] });
    const three = { rows: 6, columns: 1, data: Float32Array.of(1, 2, 3, 1, 2, 3) };
    const { k, candidates } = await chooseK(three, { seed: 1 }, runner);
    expect([k, candidates.map((candidate) => candidate.k)]).toEqual([3, [3]]);
  });

  it('refuses options out of range', async () => {
    const vectors = oracleRows(10, 2, 1);
    await expect(chooseK(vectors, { seed: 1, smallestK: 1 }, runner)).rejects.toThrow('smallestK is 1');
    await expect(chooseK(vectors, { seed: 1, smallestK: 5, largestK: 4 }, runner)).rejects.toThrow(
      'more than largestK, 4',
    );
    await expect(chooseK(vectors, { seed: 1, smallestShare: 2 }, runner)).rejects.toThrow('smallestShare is 2');
  });
});
