import { describe, expect, test } from 'vitest';
import { readMatrixIds } from './matrix-ids.ts';

const read = (text: string | Uint8Array) => readMatrixIds(typeof text === 'string' ? Buffer.from(text) : text);

describe('a list of ids', () => {
  test.each([
    ['one a line', 'C1\nC2\nC3\n'],
    ['without an end to the last line', 'C1\nC2\nC3'],
    ['with the line ends of Windows', 'C1\r\nC2\r\nC3\r\n'],
    ['with a byte order mark', '\ufeffC1\nC2\nC3\n'],
    ['in quotes', '"C1"\n"C2"\n"C3"\n'],
  ])('%s has no header', (_, text) => {
    expect(read(text)).toMatchObject({ ids: ['C1', 'C2', 'C3'], column: undefined, lines: Int32Array.of(1, 2, 3) });
  });

  test.each([
    ['customer_id', 'customer_id\nC1\nC2\n'],
    ['用户ID', '用户ID\nC1\nC2\n'],
    ['id', 'id\nC1\nC2\n'],
    ['Customer ID', 'name;Customer ID\nAnn;C1\nBen;C2\n'],
    ['userId', 'row\tuserId\tcity\n0\tC1\tRome\n1\tC2\tOslo\n'],
  ])('under the column name %s has one', (column, text) => {
    expect(read(text)).toMatchObject({ ids: ['C1', 'C2'], column, lines: Int32Array.of(2, 3) });
  });

  test('keeps the place of an id that is missing', () => {
    expect(read('customer_id,city\nC1,Rome\n,Oslo\nC3,Bonn\n')).toMatchObject({ ids: ['C1', '', 'C3'] });
  });

  test('may be long', () => {
    const ids = Array.from({ length: 300_000 }, (_, row) => `C${row}`);
    const found = read(ids.join('\n'));
    expect('ids' in found && [found.ids.join() === ids.join(), found.lines.at(-1)]).toEqual([true, 300_000]);
  });

  test('keeps the place of one that cannot be read', () => {
    const cut = Buffer.concat([Buffer.from('customer_id\nZoë\nÅsa\nC'), Buffer.of(0xc3), Buffer.from('\nC4\n')]);
    expect(read(cut)).toMatchObject({ ids: ['Zoë', 'Åsa', '', 'C4'] });
  });

  test.each([
    ['nothing', '', 'EMPTY_FILE', /one id per row/],
    ['several columns of which none is known', 'C1,Ann\nC2,Ben\n', 'UNKNOWN_COLUMNS', /call one customer_id/],
    [
      'a row of another width',
      'customer_id,city\nC1\nC2,Oslo\n',
      'BROKEN_ROWS',
      /Line 2 of the ids.*1 cells, the header 2/,
    ],
    ['a quote that is not closed', 'customer_id\n"C1\nC2\n', 'BROKEN_ROWS', /Line 2 of the ids/],
    ['bytes of a workbook', 'PK\x03\x04....', 'BINARY_FILE', /Excel/],
  ])('with %s is refused', (_, text, code, message) => {
    expect(read(text)).toEqual({ code, message: expect.stringMatching(message) });
  });
});
