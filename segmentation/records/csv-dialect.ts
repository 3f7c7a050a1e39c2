import type { FileProblem } from './file-problem.ts';

export const delimiters = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof delimiters)[number];

/** How a delimited text file is written. */
export interface CsvDialect {
  readonly delimiter: Delimiter;
  /** Byte that ends a line: 10, with or without a 13 before it, or 13 alone as on the first Macintoshes. */
  readonly lineEnd: 10 | 13;
  /** Bytes before the header: a byte order mark and a `sep=` line. */
  readonly headerOffset: number;
  /** Line of the file on which the header stands, from 1. */
  readonly headerLine: number;
}

const magics: readonly (readonly [string, string])[] = [
  ['\x1f\x8b', 'a gzip archive inside what was decompressed'],
  ['PK\x03\x04', 'a zip archive or an Excel workbook'],
  ['\xd0\xcf\x11\xe0', 'an old Excel workbook'],
  ['PAR1', 'a Parquet file'],
  ['%PDF', 'a PDF document'],
];

/** The problem that the first bytes of a file show, if any. `head` is at least 64 KiB, or the whole file. */
export function headProblem(head: Buffer): FileProblem | undefined {
  const start = head.toString('latin1', 0, 4);
  if (start.startsWith('\xff\xfe') || start.startsWith('\xfe\xff')) {
    return notText('NOT_UTF8', 'UTF-16 text (by its byte order mark)');
  }
  const magic = magics.find(([bytes]) => start.startsWith(bytes));
  if (magic) return notText('BINARY_FILE', magic[1]);
  let controls = 0;
  for (const byte of head) {
    if (byte === 0) return notText('BINARY_FILE', 'binary data (a NUL byte)');
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) controls++;
  }
  if (controls * 100 > head.length) return notText('BINARY_FILE', 'binary data (control characters)');
  return undefined;
}

function notText(code: 'BINARY_FILE' | 'NOT_UTF8', found: string): FileProblem {
  const allowed = 'a delimited text file (comma, semicolon, tab or bar) in UTF-8 with a header line';
  return { code, message: `The file is ${found}; ${allowed} is needed. Export it as "CSV UTF-8" and drop it again.` };
}

/**
 * Finds delimiter and line end in the first bytes of a file. The delimiter is the one that cuts most of the first rows
 * into as many cells as the header (and more than one); of equals, the one that makes more cells.
 */
export function sniffDialect(head: Buffer): CsvDialect {
  let headerOffset = head.length >= 3 && head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const lineEnd = head.includes(10) || !head.includes(13) ? 10 : 13;
  const declared = /^sep=([,;\t|])\r?[\r\n]/i.exec(head.toString('latin1', headerOffset, headerOffset + 8));
  if (declared) {
    headerOffset += declared[0].length;
    return { delimiter: declared[1] as Delimiter, lineEnd, headerOffset, headerLine: 2 };
  }
  const sample = head.toString('latin1', headerOffset);
  let best: Delimiter = ',';
  let bestScore = 0;
  for (const delimiter of delimiters) {
    const widths = rowWidths(sample, delimiter, lineEnd === 10 ? '\n' : '\r');
    const header = widths[0] ?? 0;
    if (header < 2) continue;
    const agreeing = widths.filter((width) => width === header).length;
    const score = agreeing / widths.length + Math.min(header, 999) / 1000;
    if (score > bestScore) {
      best = delimiter;
      bestScore = score;
    }
  }
  return { delimiter: best, lineEnd, headerOffset, headerLine: 1 };
}

/** Cells of each of the first rows, at most 100; the last one, perhaps cut off, only where it is the only one. */
function rowWidths(sample: string, delimiter: string, lineEnd: string): number[] {
  const widths: number[] = [];
  let width = 1;
  let isQuoted = false;
  let rowStart = 0;
  for (let at = 0; at < sample.length && widths.length < 100; at++) {
    const character = sample[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (character === delimiter) width++;
    else if (character === lineEnd) {
      if (at > rowStart) widths.push(width);
      width = 1;
      rowStart = at + 1;
    }
  }
  if (widths.length === 0) widths.push(width);
  return widths;
}
