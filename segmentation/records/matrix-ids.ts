import { decodeTable } from './character-encoding.ts';
import { CsvDecoder } from './csv-decoder.ts';
import { headProblem, sniffDialect } from './csv-dialect.ts';
import type { FileProblem } from './file-problem.ts';
import { recognizeHeader } from './header-recognition.ts';

/** The ids of a matrix's rows, in the order of the rows. */
export interface MatrixIds {
  /** [n] as they stand in the file. */
  readonly ids: readonly string[];
  /** [n] line of the file, from 1. */
  readonly lines: Int32Array;
  /** Name of the column they stand in; undefined where the file has no header. */
  readonly column: string | undefined;
}

/**
 * Reads a list of ids: delimited text, one row of it to a row of the matrix. The first line is a header where it names a column
 * that files of customers use for ids (`customer_id`, `用户ID`, `id`); without one there must be one column, and the first line is
 * an id like the others. A line with broken quotes, or of another width, turns the file away: ids go by position, and
 * leaving one out would give every later customer another's vector.
 */
export function readMatrixIds(file: Uint8Array): MatrixIds | FileProblem {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const head = bytes.subarray(0, 65_536);
  const problem = headProblem(head);
  if (problem) return problem;
  const dialect = sniffDialect(head);
  const decoder = new CsvDecoder(dialect);
  decoder.write(bytes.subarray(dialect.headerOffset));
  const rowTable = decoder.finish();
  const [broken] = rowTable.broken;
  if (broken) {
    return { code: 'BROKEN_ROWS', message: `Line ${broken.line} of the ids: ${broken.reason.message}` };
  }
  if (rowTable.header.length === 0) {
    return { code: 'EMPTY_FILE', message: 'The list of ids is empty; it needs one id per row of the matrix.' };
  }
  const decoded = decodeTable(rowTable, dialect.delimiter);
  if ('code' in decoded) return decoded;
  const { header, columns, codes, lines } = decoded.table;
  const recognized = recognizeHeader(header, 'customers');
  const column = 'code' in recognized ? undefined : recognized.columns.get('customerId');
  if (column === undefined && header.length > 1) {
    return {
      code: 'UNKNOWN_COLUMNS',
      message: `None of the ${header.length} columns of the ids is known to hold them; call one customer_id, or leave only the ids.`,
    };
  }
  const at = column ?? 0;
  const cells = columns[at]!;
  const unreadable = decoded.unreadable[at]!;
  const ids = Array.from({ length: decoded.table.rows }, (_, row) => {
    const code = codes[row * header.length + at]!;
    return unreadable.has(code) ? '' : cells[code]!;
  });
  return column === undefined
    ? { ids: [header[0]!, ...ids], lines: Int32Array.from([dialect.headerLine, ...lines]), column: undefined }
    : { ids, lines, column: header[column] };
}
