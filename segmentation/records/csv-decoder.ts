import { CellDictionary, fnvOffset, fnvPrime, hashBytes } from './cell-dictionary.ts';
import type { CsvDialect } from './csv-dialect.ts';
import { GrowingIntegers } from './growing-integers.ts';
import type { RejectReason } from './reject-reasons.ts';
import type { BrokenRow, RowTable } from './row-table.ts';

export const maxCellBytes = 65_536;
export const maxRowBytes = 1_048_576;

const quote = 34;
const lineFeed = 10;
const carriageReturn = 13;

const malformedQuote: RejectReason = {
  code: 'MALFORMED_QUOTE',
  message:
    'A cell opens with a quote that is not closed before the next delimiter or the end of the line; ' +
    'double the quotes inside a quoted cell ("") or quote the whole cell. Reading went on with the next line.',
};
const overlongField: RejectReason = {
  code: 'OVERLONG_FIELD',
  message: `A cell has more than ${maxCellBytes} bytes, or a row more than ${maxRowBytes}; shorten it.`,
};

/**
 * Delimited text (RFC 4180) from bytes to a {@link RowTable}, block by block. Quoted cells may hold delimiters, line ends
 * and doubled quotes; lines end in LF, CRLF or, in a file without any LF, CR; blank lines are skipped; a quote inside an
 * unquoted cell is a character like another. One broken quote costs one line, not the rest of the file.
 */
export class CsvDecoder {
  readonly #dialect: CsvDialect;
  readonly #codes = new GrowingIntegers(65_536);
  readonly #lines = new GrowingIntegers(8_192);
  readonly #broken: BrokenRow[] = [];
  #header: Uint8Array[] | undefined;
  #columns: CellDictionary[] = [];
  #carry: Buffer = Buffer.alloc(0);
  #line: number;
  #isSkippingLine = false;
  /** Of the row being read: start, end and hash of each cell in the block. */
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #hashes = new Int32Array(64);
  #cells = 0;
  /** Cells of that row that hold doubled quotes, without them. */
  #unescaped = new Map<number, Buffer>();

  /** @param dialect how the bytes are written; what is written starts at the header, after `dialect.headerOffset`. */
  constructor(dialect: CsvDialect) {
    this.#dialect = dialect;
    this.#line = dialect.headerLine;
  }

  /** Reads the rows that end within what came so far. Blocks of 64 KiB and more are read best. */
  write(block: Uint8Array): void {
    const bytes = this.#carry.length === 0 ? Buffer.from(block) : Buffer.concat([this.#carry, block]);
    const consumed = this.#scan(bytes, false);
    this.#carry = Buffer.from(bytes.subarray(consumed));
  }

  finish(): RowTable {
    this.#scan(this.#carry, true);
    this.#carry = Buffer.alloc(0);
    return {
      header: this.#header ?? [],
      columns: this.#columns,
      rows: this.#lines.length,
      codes: this.#codes.view(),
      lines: this.#lines.view(),
      broken: this.#broken,
    };
  }

  /** Takes every whole row of `bytes`; answers how many bytes it is done with. */
  #scan(bytes: Buffer, isLast: boolean): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.#isSkippingLine) {
        const lineEnd = bytes.indexOf(this.#dialect.lineEnd, at);
        if (lineEnd < 0) return bytes.length;
        this.#isSkippingLine = false;
        this.#line++;
        at = lineEnd + 1;
        continue;
      }
      const next = this.#scanRow(bytes, at, isLast);
      if (next >= 0) {
        at = next;
        continue;
      }
      const isTooLong = bytes.length - at > maxRowBytes;
      if (next === isMalformed || (next === isCutOffInQuotes && isTooLong)) {
        const recovered = this.#recover(bytes, at, isLast);
        if (recovered >= 0) {
          at = recovered;
          continue;
        }
      }
      if (!isTooLong) return at;
      this.#addBroken(overlongField, [bytes.subarray(at, at + 1000)]);
      this.#isSkippingLine = true;
    }
    return at;
  }

  /** Gives up on the physical line at `at`, whose quotes are broken. */
  #recover(bytes: Buffer, at: number, isLast: boolean): number {
    const lineEnd = bytes.indexOf(this.#dialect.lineEnd, at);
    if (lineEnd < 0 && !isLast) return -1;
    const end = lineEnd < 0 ? bytes.length : lineEnd;
    const hasReturn = this.#dialect.lineEnd === lineFeed && end > at && bytes[end - 1] === carriageReturn;
    this.#addBroken(malformedQuote, [bytes.subarray(at, hasReturn ? end - 1 : end)]);
    this.#line++;
    return lineEnd < 0 ? bytes.length : lineEnd + 1;
  }

  /** Reads the row at `from` and keeps it; answers where the next one starts, or one of the negative outcomes below. */
  #scanRow(bytes: Buffer, from: number, isLast: boolean): number {
    const delimiter = this.#dialect.delimiter.charCodeAt(0);
    const lineEnd = this.#dialect.lineEnd;
    const length = bytes.length;
    let starts = this.#starts;
    let ends = this.#ends;
    let hashes = this.#hashes;
    let cell = 0;
    let lineEndsInside = 0;
    let at = from;
    let isRowDone = false;
    if (this.#unescaped.size > 0) this.#unescaped.clear();
    while (!isRowDone) {
      if (cell === starts.length) {
        starts = this.#starts = doubled(starts);
        ends = this.#ends = doubled(ends);
        hashes = this.#hashes = doubled(hashes);
      }
      let hash = fnvOffset;
      let hasDoubledQuotes = false;
      let start = at;
      let end: number;
      if (at < length && bytes[at] === quote) {
        start = ++at;
        for (;;) {
          while (at < length) {
            const byte = bytes[at]!;
            if (byte === quote) break;
            hash = Math.imul(hash ^ byte, fnvPrime);
            if (byte === lineEnd) lineEndsInside++;
            at++;
          }
          if (at >= length || (at + 1 === length && !isLast)) {
            return isLast ? isMalformed : isCutOffInQuotes;
          }
          if (bytes[at + 1] !== quote) break;
          hasDoubledQuotes = true;
          at += 2;
        }
        end = at++;
      } else {
        while (at < length) {
          const byte = bytes[at]!;
          if (byte === delimiter || byte === lineEnd) break;
          hash = Math.imul(hash ^ byte, fnvPrime);
          at++;
        }
        end = at;
        const isLineFeed = at < length && bytes[at] === lineFeed && lineEnd === lineFeed;
        if (isLineFeed && end > start && bytes[end - 1] === carriageReturn) {
          // The return of a CRLF has been taken for a part of the cell.
          end -= 1;
          hash = hashBytes(bytes, start, end);
        }
      }
      // `at` stands behind the cell: on a delimiter, a line end, or the end of the file.
      if (at < length && bytes[at] === delimiter) {
        at++;
      } else if (at < length && bytes[at] === lineEnd) {
        at++;
        isRowDone = true;
      } else if (at >= length) {
        if (!isLast) return isCutOff;
        isRowDone = true;
      } else if (
        bytes[at] === carriageReturn &&
        lineEnd === lineFeed &&
        at + 1 < length &&
        bytes[at + 1] === lineFeed
      ) {
        at += 2;
        isRowDone = true;
      } else if (bytes[at] === carriageReturn && at + 1 === length) {
        if (!isLast) return isCutOff;
        at++;
        isRowDone = true;
      } else {
        return isMalformed;
      }
      if (hasDoubledQuotes) {
        const text = Buffer.from(bytes.toString('latin1', start, end).replaceAll('""', '"'), 'latin1');
        this.#unescaped.set(cell, text);
        hash = hashBytes(text, 0, text.length);
      }
      starts[cell] = start;
      ends[cell] = end;
      hashes[cell] = hash;
      cell++;
    }
    this.#cells = cell;
    const isBlank = cell === 1 && starts[0] === ends[0] && starts[0] === from;
    if (!isBlank) this.#keepRow(bytes);
    this.#line += lineEndsInside + 1;
    return at;
  }

  #keepRow(bytes: Buffer): void {
    const cells = this.#cells;
    if (!this.#header) {
      this.#setHeader(this.#cellCopies(bytes));
      return;
    }
    const width = this.#columns.length;
    if (cells !== width) {
      this.#broken.push({ line: this.#line, reason: wrongWidth(cells, width), cells: this.#cellCopies(bytes) });
      return;
    }
    for (let cell = 0; cell < cells; cell++) {
      if (this.#ends[cell]! - this.#starts[cell]! > maxCellBytes) {
        this.#broken.push({ line: this.#line, reason: overlongField, cells: this.#cellCopies(bytes) });
        return;
      }
    }
    this.#lines.push(this.#line);
    const hasUnescaped = this.#unescaped.size > 0;
    for (let cell = 0; cell < cells; cell++) {
      const text = hasUnescaped ? this.#unescaped.get(cell) : undefined;
      const hash = this.#hashes[cell]!;
      const column = this.#columns[cell]!;
      this.#codes.push(
        text
          ? column.intern(text, 0, text.length, hash)
          : column.intern(bytes, this.#starts[cell]!, this.#ends[cell]!, hash),
      );
    }
  }

  #addBroken(reason: RejectReason, cells: readonly Uint8Array[]): void {
    const copies = cells.map((cell) => Uint8Array.from(cell));
    if (this.#header) this.#broken.push({ line: this.#line, reason, cells: copies });
    else this.#setHeader(copies);
  }

  #setHeader(header: Uint8Array[]): void {
    this.#header = header;
    this.#columns = header.map(() => new CellDictionary());
  }

  #cellCopies(bytes: Buffer): Uint8Array[] {
    return Array.from({ length: this.#cells }, (_, cell) =>
      Uint8Array.from(this.#unescaped.get(cell) ?? bytes.subarray(this.#starts[cell], this.#ends[cell])),
    );
  }
}

/** The block ends before the row does. */
const isCutOff = -1;
/** The same, within a quoted cell. */
const isCutOffInQuotes = -2;
/** A quoted cell is never closed, or something else than a delimiter follows its closing quote. */
const isMalformed = -3;

function wrongWidth(cells: number, width: number): RejectReason {
  return cells < width
    ? {
        code: 'TOO_FEW_CELLS',
        message: `The row has ${cells} cells, the header ${width}; a delimiter is missing, or the row was cut off.`,
      }
    : {
        code: 'TOO_MANY_CELLS',
        message: `The row has ${cells} cells, the header ${width}; quote cells that hold the delimiter.`,
      };
}

function doubled(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(values.length * 2);
  wider.set(values);
  return wider;
}
