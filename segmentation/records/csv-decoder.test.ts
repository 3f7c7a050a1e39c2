import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvDecoder, maxCellBytes, maxRowBytes } from './csv-decoder.ts';
import { delimiters, sniffDialect } from './csv-dialect.ts';
import type { RowTable } from './row-table.ts';

/** Decodes text given in chunks of so many bytes; the rows come back as text. */
function decode(text: string, chunkBytes = 1 << 16) {
  const bytes = Buffer.from(text);
  const dialect = sniffDialect(bytes);
  const decoder = new CsvDecoder(dialect);
  for (let at = dialect.headerOffset; at < bytes.length; at += chunkBytes) {
    decoder.write(bytes.subarray(at, at + chunkBytes));
  }
  return asText(decoder.finish());
}

function asText({ header, columns, rows, codes, lines, broken }: RowTable) {
  return {
    header: header.map((cell) => Buffer.from(cell).toString()),
    rows: Array.from({ length: rows }, (_, row) =>
      columns.map((column, cell) => column.bytes(codes[row * columns.length + cell]!).toString()),
    ),
    lines: [...lines],
    broken: broken.map(({ line, reason, cells }) => [
      line,
      reason.code,
      ...cells.map((cell) => Buffer.from(cell).toString()),
    ]),
  };
}

describe('CsvDecoder', () => {
  it('reads what RFC 4180 allows', () => {
    const text = 'a,b,c\r\n1,"x, ""y""",\r\n"","two\r\nlines",3\r\n';
    expect(decode(text)).toEqual({
      header: ['a', 'b', 'c'],
      rows: [
        ['1', 'x, "y"', ''],
        ['', 'two\r\nlines', '3'],
      ],
      lines: [2, 3],
      broken: [],
    });
  });

  it('needs no line end after the last row, skips blank lines and counts lines on', () => {
    expect(decode('a,b\n\n1,2\n\r\n"3\n3",4\n5,6')).toEqual({
      header: ['a', 'b'],
      rows: [
        ['1', '2'],
        ['3\n3', '4'],
        ['5', '6'],
      ],
      lines: [3, 5, 7],
      broken: [],
    });
  });

  it('keeps an empty last cell at the end of the file', () => {
    expect(decode('a,b\n1,').rows).toEqual([['1', '']]);
  });

  it('keeps quotes inside unquoted cells', () => {
    expect(decode('a,b\n5" nail,x\n').rows).toEqual([['5" nail', 'x']]);
  });

  it('reads lines that end in CR alone', () => {
    expect(decode('a,b\r1,2\r3,4\r').rows).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  it('sets rows of another width aside, with their cells and line', () => {
    expect(decode('a,b\n1\n1,2,3\n4,5\n').broken).toEqual([
      [2, 'TOO_FEW_CELLS', '1'],
      [3, 'TOO_MANY_CELLS', '1', '2', '3'],
    ]);
  });

  it('loses one line to a broken quote, not the rest of the file', () => {
    const text = 'a,b\n1,"open\n2,"closed"\n3,"x"y\n4,z\n';
    expect(decode(text)).toEqual({
      header: ['a', 'b'],
      rows: [
        ['2', 'closed'],
        ['4', 'z'],
      ],
      lines: [3, 5],
      broken: [
        [2, 'MALFORMED_QUOTE', '1,"open'],
        [4, 'MALFORMED_QUOTE', '3,"x"y'],
      ],
    });
    expect(decode('a,b\n1,2\n3,"never closed\r\n4,5').broken).toEqual([[3, 'MALFORMED_QUOTE', '3,"never closed']]);
  });

  it('does not let a quote that is never closed swallow a long file', () => {
    const line = `1,${'x'.repeat(998)}\n`;
    const decoded = decode(`a,b\n1,"open\n${line.repeat(2000)}`);
    expect(decoded.rows.length).toBe(2000);
    expect(decoded.broken).toEqual([[2, 'MALFORMED_QUOTE', '1,"open']]);
  });

  it('sets cells and lines beyond the limits aside', () => {
    const long = 'x'.repeat(maxCellBytes + 1);
    const endless = 'y'.repeat(maxRowBytes + 70_000);
    const decoded = decode(`a,b\n1,${long}\n2,${'x'.repeat(maxCellBytes)}\n${endless}\n3,z\n`);
    expect(decoded.rows.map(([a]) => a)).toEqual(['2', '3']);
    expect(decoded.lines).toEqual([3, 5]);
    expect(decoded.broken.map(([line, code]) => [line, code])).toEqual([
      [2, 'OVERLONG_FIELD'],
      [4, 'OVERLONG_FIELD'],
    ]);
  });

  it('gives back any cells that were written, however the bytes are cut', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', 'B', '1', ' ', '"', ',', ';', '\n', '\r', 'é', '质'),
      maxLength: 6,
    });
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }));
    fc.assert(
      fc.property(
        table,
        fc.constantFrom(...delimiters),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        (rows, delimiter, lineEnd, quotesAll, chunkBytes) => {
          const header = ['h1', 'h2', 'h3', 'h4'].slice(0, rows[0]?.length ?? 2);
          const write = (text: string) =>
            quotesAll || /[",;\t|\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          const text = [header, ...rows].map((row) => row.map(write).join(delimiter) + lineEnd).join('');
          const decoder = new CsvDecoder({ delimiter, lineEnd: 10, headerOffset: 0, headerLine: 1 });
          const bytes = Buffer.from(text);
          for (let at = 0; at < bytes.length; at += chunkBytes) decoder.write(bytes.subarray(at, at + chunkBytes));
          const decoded = asText(decoder.finish());
          expect(decoded.header).toEqual(header);
          expect(decoded.rows).toEqual(rows);
          expect(decoded.broken).toEqual([]);
        },
      ),
      { seed: 3, numRuns: 200 },
    );
  });

  it('does not copy the dictionary of one column into another', () => {
    const { rows } = decode('a,b\nx,y\ny,x\nx,y\n');
    expect(rows).toEqual([
      ['x', 'y'],
      ['y', 'x'],
      ['x', 'y'],
    ]);
  });
});

describe('sniffDialect', () => {
  it.each([
    ['a,b,c\n1,2,3\n', ','],
    ['a;b;c\n1,5;2,5;3\n', ';'],
    ['a\tb\nx, y\tz\n', '\t'],
    ['a|b\n1|2,3\n', '|'],
    ['a,b\n"x;y;z",1\n', ','],
    ['only\n1\n', ','],
  ])('%j is cut by %j', (text, delimiter) => {
    expect(sniffDialect(Buffer.from(text)).delimiter).toBe(delimiter);
  });

  it('knows the byte order mark and the line that Excel writes for itself', () => {
    expect(sniffDialect(Buffer.from('\ufeffa,b\n'))).toEqual({
      delimiter: ',',
      lineEnd: 10,
      headerOffset: 3,
      headerLine: 1,
    });
    expect(sniffDialect(Buffer.from('sep=;\r\na;b\r\n'))).toEqual({
      delimiter: ';',
      lineEnd: 10,
      headerOffset: 7,
      headerLine: 2,
    });
  });
});
