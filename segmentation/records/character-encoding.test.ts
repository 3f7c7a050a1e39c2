import { describe, expect, it } from 'vitest';
import { decodeTable } from './character-encoding.ts';
import { CsvDecoder } from './csv-decoder.ts';
import type { TextTable } from './row-table.ts';

function decode(...pieces: (string | Uint8Array)[]) {
  const decoder = new CsvDecoder({ delimiter: ',', lineEnd: 10, headerOffset: 0, headerLine: 1 });
  for (const piece of pieces) decoder.write(Buffer.from(piece as Uint8Array));
  return decodeTable(decoder.finish(), ',');
}

function rowsOf({ columns, codes, rows, header }: TextTable): string[][] {
  return Array.from({ length: rows }, (_, row) =>
    columns.map((column, cell) => column[codes[row * header.length + cell]!]!),
  );
}

describe('decodeTable', () => {
  it('reads UTF-8', () => {
    const decoded = decode('名称,b\ncafé,质量很好😀\n');
    if ('code' in decoded) throw new Error(decoded.message);
    expect(decoded.encoding).toBe('utf-8');
    expect(decoded.table.header).toEqual(['名称', 'b']);
    expect(rowsOf(decoded.table)).toEqual([['café', '质量很好😀']]);
  });

  it('reads Windows-1252 where the bytes fit it', () => {
    // Python: 'café €5 “nice”'.encode('cp1252').
    const decoded = decode('a,b\nplain,', Buffer.from('636166e920803520936e69636594', 'hex'), '\n');
    if ('code' in decoded) throw new Error(decoded.message);
    expect(decoded.encoding).toBe('windows-1252');
    expect(rowsOf(decoded.table)).toEqual([['plain', 'café €5 “nice”']]);
  });

  it('turns GBK away', () => {
    // Python: '商品名称,价格'.encode('gbk').
    expect(decode(Buffer.from('c9ccc6b7c3fbb3c62cbcdbb8f1', 'hex'), '\n1,2\n')).toMatchObject({ code: 'NOT_UTF8' });
  });

  it('marks the cells of a UTF-8 file that are not UTF-8, and those with a NUL', () => {
    const decoded = decode('a,b\né,质\nx', Uint8Array.of(0xe9), ',1\ny\0,2\n');
    if ('code' in decoded) throw new Error(decoded.message);
    expect(decoded.encoding).toBe('utf-8');
    expect(decoded.unreadable.map((codes) => [...codes])).toEqual([[1, 2], []]);
  });
});
