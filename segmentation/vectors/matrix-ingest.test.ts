import { describe, expect, test } from 'vitest';
import { writeNpy } from '../../numerics/npy/npy.ts';
import { ingestMatrixFiles } from './matrix-ingest.ts';

/** `C3` -> 3333…: ids of one digit are their own pseudonyms, the first half of them in partition 0. */
const pseudonymOf = (id: string) => id.slice(1).padEnd(32, id.slice(1));
const options = { pseudonymOf, partitions: 2 };

function ingest(rows: readonly (readonly number[])[], ids: string) {
  const data = Float32Array.from(rows.flat());
  return ingestMatrixFiles(writeNpy({ rows: rows.length, columns: rows[0]!.length, data }), Buffer.from(ids), options);
}

describe('a matrix and its ids', () => {
  test('are cut by partition and put in order of pseudonym', () => {
    const { parts, identities, problem } = ingest([[3], [1], [-4]], 'C9\nC1\nCa\n');
    expect(problem).toBeUndefined();
    expect(parts.map(({ customers }) => customers)).toEqual([
      [pseudonymOf('C1')],
      [pseudonymOf('C9'), pseudonymOf('Ca')],
    ]);
    expect(identities).toEqual(
      ['C9', 'C1', 'Ca'].map((customerId) => ({ customer: pseudonymOf(customerId), customerId })),
    );
    // numpy: x = np.array([1, 3, -4.]); (x - x.mean()) / x.std()
    const expected = [[0.3396831], [1.0190493, -1.3587324]];
    parts.forEach(({ vectors }, partition) => {
      expect(vectors).toMatchObject({ rows: expected[partition]!.length, columns: 1 });
      for (const [row, value] of vectors.data.entries()) expect(value).toBeCloseTo(expected[partition]![row]!, 6);
    });
  });

  test('give the same parts in whatever order the rows are', () => {
    const one = ingest(
      [
        [1, 2],
        [3, 5],
        [8, 13],
      ],
      'C1\nC2\nC3\n',
    );
    const other = ingest(
      [
        [8, 13],
        [1, 2],
        [3, 5],
      ],
      'C3\nC1\nC2\n',
    );
    expect(other.parts).toEqual(one.parts);
  });

  test('keep the proportions of all distances, whatever the unit and the origin', () => {
    const rows = [
      [0, 0],
      [3, 4],
      [30, 40],
    ];
    const distances = (scale: number, shift: number) => {
      const [part] = ingest(
        rows.map((row) => row.map((value) => value * scale + shift)),
        'C1\nC2\nC3\n',
      ).parts;
      const [ax, ay, bx, by, cx, cy] = part!.vectors.data as unknown as number[];
      return Math.hypot(cx! - ax!, cy! - ay!) / Math.hypot(bx! - ax!, by! - ay!);
    };
    for (const [scale, shift] of [
      [1, 0],
      [1e-6, 0],
      [1e18, 0],
      [1, 1000],
    ] as const) {
      expect(distances(scale, shift)).toBeCloseTo(10, 3);
    }
  });

  test('that are all alike become 0', () => {
    expect([...ingest([[7], [7]], 'C1\nC2\n').parts[0]!.vectors.data]).toEqual([0, 0]);
  });

  test('lose the rows that cannot be used, each with its row and its line', () => {
    const { NaN: none, POSITIVE_INFINITY: endless } = Number;
    const ids = ['customer_id', 'C1', 'C2', 'C3', 'N/A', 'C4', 'C1', 'x'.repeat(257)].join('\n');
    const { identities, rejected, parts } = ingest(
      [
        [1, 2],
        [none, 2],
        [1, endless],
        [1, 2],
        [4, 4],
        [9, 9],
        [1, 1],
      ],
      ids,
    );
    expect(identities.map(({ customerId }) => customerId)).toEqual(['C1', 'C4']);
    expect(rejected).toEqual([
      {
        line: 3,
        code: 'NOT_FINITE',
        message: expect.stringMatching(/^Row 1 of the matrix.*NaN in column 0/),
        cells: ['C2'],
      },
      { line: 4, code: 'NOT_FINITE', message: expect.stringMatching(/^Row 2 .*Infinity in column 1/), cells: ['C3'] },
      { line: 5, code: 'MISSING_ID', message: expect.stringMatching(/^Row 3 /), cells: ['N/A'] },
      { line: 7, code: 'DUPLICATE_ID', message: expect.stringMatching(/^Row 5 .*the id of row 0/), cells: ['C1'] },
      { line: 8, code: 'OVERLONG_FIELD', message: expect.stringMatching(/^Row 6 .*256/), cells: [expect.any(String)] },
    ]);
    // What is left, (1, 2) and (4, 4), has the mean (2.5, 3) and 6.5 for the sum of squares about it.
    const deviation = Math.sqrt(6.5 / 4);
    const left = parts.flatMap(({ vectors }) => [...vectors.data]);
    for (const [at, value] of [-1.5, -1, 1.5, 1].entries()) expect(left[at]).toBeCloseTo(value / deviation, 6);
  });

  test.each([
    ['one id too few', 'C1\n', /1 ids \(the first line counts as one.*\) and 2 rows/],
    ['one id too many', 'C1\nC2\nC3\n', /3 ids/],
    ['a column name that nobody knows', 'shopper ref\nC1\nC2\n', /3 ids \(the first line counts as one/],
    ['an id too few under a header', 'customer_id\nC1\n', /1 ids \(below the column name "customer_id"\) and 2 rows/],
  ])('with %s are refused: ids must not move along', (_, ids, message) => {
    expect(ingest([[1], [2]], ids)).toMatchObject({
      problem: { code: 'WRONG_COUNT', message: expect.stringMatching(message) },
      parts: [],
      identities: [],
    });
  });

  test('of which no row can be used are refused, with the reasons', () => {
    expect(ingest([[Number.NaN], [Number.NaN]], 'C1\nC2\n')).toMatchObject({
      problem: { code: 'NO_VALID_ROWS' },
      parts: [],
      rejected: [{ code: 'NOT_FINITE' }, { code: 'NOT_FINITE' }],
    });
  });

  test('that cannot be read are refused with what is wrong', () => {
    const matrix = writeNpy({ rows: 1, columns: 1, data: Float32Array.of(1) });
    expect(ingestMatrixFiles(Buffer.from('1,2\n3,4\n'), Buffer.from('C1'), options).problem).toEqual({
      code: 'NOT_NPY',
      message: expect.stringMatching(/^The matrix: .*numpy\.save/),
    });
    expect(ingestMatrixFiles(matrix, Buffer.from(''), options).problem?.code).toBe('EMPTY_FILE');
  });
});
