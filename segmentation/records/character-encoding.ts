import { isAscii, isUtf8 } from 'node:buffer';
import type { FileProblem } from './file-problem.ts';
import type { RejectReason } from './reject-reasons.ts';
import type { RowTable, TextTable } from './row-table.ts';

export type CharacterEncoding = 'utf-8' | 'windows-1252';

export interface DecodedTable {
  readonly table: TextTable;
  readonly encoding: CharacterEncoding;
  /** Why the encoding was taken, where it is not plain UTF-8. */
  readonly note?: string;
  /** By column, the codes of cells that are not text in that encoding. */
  readonly unreadable: readonly ReadonlySet<number>[];
}

export const unreadableCell: RejectReason = {
  code: 'INVALID_ENCODING',
  message: 'A cell is not valid UTF-8 text, while the rest of the file is; save the file as UTF-8.',
};

/**
 * Turns the bytes of a table into text. UTF-8 is taken strictly. A file that is not UTF-8 is read as Windows-1252 where
 * the evidence is good: no byte that Windows-1252 leaves undefined, and at least nine of ten bytes above 127 stand alone or in pairs
 * among ASCII, as accents, pound signs and typographic quotes do. (In GBK, Big5 or Shift-JIS they stand in long runs.) A
 * file that is UTF-8 but for some cells keeps its other rows.
 */
export function decodeTable(rowTable: RowTable, delimiter: string): DecodedTable | FileProblem {
  const pieces = [
    ...rowTable.columns.map((column) => column.allBytes()),
    ...rowTable.header.map((cell) => Buffer.from(cell)),
  ];
  const evidence = weigh(pieces.filter((piece) => !isAscii(piece)));
  const isSingleByte = evidence.invalidBytes > evidence.multiByteCharacters;
  if (isSingleByte && !evidence.looksWestern) return notUtf8();
  const unreadable = rowTable.columns.map((column) => {
    const codes = new Set<number>();
    const all = column.allBytes();
    const isClean = isAscii(all) || isSingleByte || isUtf8(all);
    if (isClean && !all.includes(0)) return codes;
    for (let code = 0; code < column.size; code++) {
      const bytes = column.bytes(code);
      if (bytes.includes(0) || !(isSingleByte || isUtf8(bytes))) codes.add(code);
    }
    return codes;
  });
  const decode = isSingleByte ? fromWindows1252 : fromUtf8;
  return {
    table: {
      header: rowTable.header.map((cell) => decode(Buffer.from(cell), 0, cell.length)),
      columns: rowTable.columns.map((column) => column.strings(isAscii(column.allBytes()) ? fromAscii : decode)),
      rows: rowTable.rows,
      codes: rowTable.codes,
      lines: rowTable.lines,
      delimiter,
    },
    encoding: isSingleByte ? 'windows-1252' : 'utf-8',
    ...(isSingleByte && {
      note: 'The file is not UTF-8; its accented letters and signs fit Windows-1252, so it was read as that.',
    }),
    unreadable,
  };
}

/** The text of the cells of a row that never became a part of the table. */
export function decodeCell(cell: Uint8Array, encoding: CharacterEncoding): string {
  return (encoding === 'utf-8' ? fromUtf8 : fromWindows1252)(Buffer.from(cell), 0, cell.length);
}

interface Evidence {
  /** Characters of two and more bytes that are valid UTF-8. */
  readonly multiByteCharacters: number;
  /** Bytes above 127 that are no part of one. */
  readonly invalidBytes: number;
  readonly looksWestern: boolean;
}

/** Bytes that Windows-1252 leaves undefined (unicode.org, CP1252.TXT). */
const undefinedIn1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

function weigh(pieces: readonly Buffer[]): Evidence {
  let multiByteCharacters = 0;
  let invalidBytes = 0;
  let highBytes = 0;
  let bytesInShortRuns = 0;
  let undefinedBytes = 0;
  for (const bytes of pieces) {
    for (let at = 0; at < bytes.length; ) {
      if (bytes[at]! < 128) {
        at++;
        continue;
      }
      const start = at;
      while (at < bytes.length && bytes[at]! >= 128) {
        const length = characterLength(bytes, at);
        if (length > 1) multiByteCharacters++;
        else invalidBytes++;
        for (let end = at + length; at < end; at++) if (undefinedIn1252.has(bytes[at]!)) undefinedBytes++;
      }
      highBytes += at - start;
      if (at - start <= 2) bytesInShortRuns += at - start;
    }
  }
  return {
    multiByteCharacters,
    invalidBytes,
    looksWestern: undefinedBytes === 0 && bytesInShortRuns * 10 >= highBytes * 9,
  };
}

/** Bytes of the UTF-8 character that starts at `at`, or 1 where none does. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
  return length > 1 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 1;
}

function notUtf8(): FileProblem {
  return {
    code: 'NOT_UTF8',
    message:
      'The file is not UTF-8, and its bytes do not fit Windows-1252 either (it may be GBK, Big5 or Shift-JIS). ' +
      'Export it as "CSV UTF-8" and drop it again.',
  };
}

function fromAscii(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}

function fromUtf8(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end);
}

const windows1252 = new TextDecoder('windows-1252');

function fromWindows1252(bytes: Buffer, start: number, end: number): string {
  return windows1252.decode(bytes.subarray(start, end));
}
