import { type CharacterEncoding, decodeCell, decodeTable, unreadableCell } from './character-encoding.ts';
import type { FileKind } from './column-synonyms.ts';
import { CsvDecoder } from './csv-decoder.ts';
import { headProblem, sniffDialect } from './csv-dialect.ts';
import { readCustomerRows } from './customer-rows.ts';
import type { FileProblem, FileProblemCode } from './file-problem.ts';
import { type ColumnReport, type Recognition, recognizeHeader } from './header-recognition.ts';
import { type IngestContext, type IngestedRecords, noInteractions } from './ingest-context.ts';
import { readInteractionRows } from './interaction-rows.ts';
import { readItemRows } from './item-rows.ts';
import type { RejectCode, RejectedRow } from './reject-reasons.ts';
import type { BrokenRow, RowTable, TextTable } from './row-table.ts';
import { countByCode, RowVerdicts } from './row-verdicts.ts';
import type { CustomerRecord, Identity, InteractionTable, ItemRecord, TextRecord } from './tables.ts';
import { type ScriptCounts, TextRegistry } from './text-registry.ts';

export interface FileIngestOptions {
  /** Decides between customers and items where the columns fit both. */
  readonly fileName: string;
  /** The pseudonym of a customer by their raw id. */
  readonly pseudonymOf: (rawCustomerId: string) => string;
  /** When the file arrived, milliseconds since 1970: what is later than that by more than a day is a mistake. */
  readonly receivedAtMs: number;
  /** ISO 4217 code of the shop's currency; without it the most frequent one of the file. */
  readonly currency?: string;
}

/** What became of a file. `read` is always the sum of `accepted`, `rejected` and `duplicates`. */
export interface IngestReport {
  readonly read: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Rows that repeat an accepted row cell by cell. A row that is faulty as well counts as rejected only. */
  readonly duplicates: number;
  readonly rejectedByReason: Readonly<Partial<Record<RejectCode, number>>>;
  readonly delimiter: string;
  readonly encoding: CharacterEncoding;
  readonly columns: readonly ColumnReport[];
  readonly ignoredColumns: readonly string[];
  /** What was assumed where the file does not say. */
  readonly notes: readonly string[];
  /** Times of the first and last interaction. */
  readonly firstAtMs?: number;
  readonly lastAtMs?: number;
  /** Letters of the distinct texts, by script. */
  readonly scripts: ScriptCounts;
}

export interface IngestedFile {
  readonly status: 'accepted' | 'rejected';
  /** Set where the file as a whole is rejected. */
  readonly problem?: FileProblem;
  /** Undefined where the columns did not tell. */
  readonly kind: FileKind | undefined;
  readonly customers: readonly CustomerRecord[];
  readonly identities: readonly Identity[];
  readonly items: readonly ItemRecord[];
  readonly interactions: InteractionTable;
  readonly texts: readonly TextRecord[];
  readonly rejects: { readonly header: readonly string[]; readonly rows: readonly RejectedRow[] };
  readonly report: IngestReport;
}

const blockBytes = 65_536;

const adapters: Readonly<Record<FileKind, (context: IngestContext) => IngestedRecords>> = {
  customers: readCustomerRows,
  items: readItemRows,
  interactions: readInteractionRows,
};

/** Reads one file, given in pieces of any size, into canonical records. What it answers with depends on its bytes and options alone. */
export class FileIngest {
  readonly #options: FileIngestOptions;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #decoder: CsvDecoder | undefined;
  #delimiter = ',';
  #problem: FileProblem | undefined;

  constructor(options: FileIngestOptions) {
    this.#options = options;
  }

  /** @param chunk decompressed bytes; they are copied. */
  write(chunk: Uint8Array): void {
    if (this.#problem) return;
    this.#pending.push(Buffer.from(chunk));
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes >= blockBytes) this.#flush();
  }

  /** Turns the file away for what its carrier found, such as an archive that is cut off. */
  refuse(code: FileProblemCode, message: string): void {
    this.#problem = { code, message };
  }

  finish(): IngestedFile {
    if (!this.#problem) this.#flush();
    if (this.#problem) return rejectedFile(this.#problem);
    const rowTable = this.#decoder?.finish();
    if (!rowTable || (rowTable.header.length === 0 && rowTable.rows === 0)) {
      return rejectedFile({
        code: 'EMPTY_FILE',
        message:
          'The file is empty; a line of column names and at least one row are needed. Export it again and drop it.',
      });
    }
    const decoded = decodeTable(rowTable, this.#delimiter);
    if ('code' in decoded) return rejectedFile(decoded);
    const { table, encoding } = decoded;
    const recognition = recognizeHeader(table.header, this.#options.fileName);
    if ('code' in recognition) return rejectedFile(recognition);

    const verdicts = new RowVerdicts(table.rows);
    rejectUnreadable(table, decoded.unreadable, verdicts);
    const texts = new TextRegistry();
    const notes: string[] = decoded.note ? [decoded.note] : [];
    const records = adapters[recognition.kind]({
      table,
      recognition,
      verdicts,
      texts,
      pseudonymOf: this.#options.pseudonymOf,
      receivedAtMs: this.#options.receivedAtMs,
      currency: this.#options.currency,
      note: (text) => notes.push(text),
    });
    const rejected = rejectedRows(table, verdicts, rowTable.broken, encoding);
    const columns = reportColumns(table.header, recognition, records);
    const problem = verdicts.accepted === 0 ? noValidRows(rejected) : undefined;
    return {
      status: problem ? 'rejected' : 'accepted',
      ...(problem && { problem }),
      kind: recognition.kind,
      customers: records.customers,
      identities: records.identities,
      items: records.items,
      interactions: records.interactions,
      texts: texts.records(),
      rejects: { header: table.header, rows: rejected },
      report: {
        read: table.rows + rowTable.broken.length,
        accepted: verdicts.accepted,
        rejected: rejected.length,
        duplicates: verdicts.duplicates,
        rejectedByReason: countByCode(rejected.map(({ code }) => code)),
        delimiter: this.#delimiter,
        encoding,
        columns,
        ignoredColumns: columns.filter(({ field }) => field === 'ignored').map(({ column }) => column),
        notes,
        ...timeRange(records.interactions.atMs),
        scripts: texts.scripts(),
      },
    };
  }

  /** Passes on what has come in, in one piece. The first piece, 64 KiB or the whole file, tells how the file is written. */
  #flush(): void {
    if (this.#pendingBytes === 0) return;
    let block = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (!this.#decoder) {
      this.#problem = headProblem(block);
      if (this.#problem) return;
      const dialect = sniffDialect(block);
      this.#delimiter = dialect.delimiter;
      this.#decoder = new CsvDecoder(dialect);
      block = block.subarray(dialect.headerOffset);
    }
    this.#decoder.write(block);
  }
}

function rejectUnreadable(table: TextTable, unreadable: readonly ReadonlySet<number>[], verdicts: RowVerdicts): void {
  const width = table.header.length;
  unreadable.forEach((codes, column) => {
    if (codes.size === 0) return;
    for (let row = 0; row < table.rows; row++) {
      if (codes.has(table.codes[row * width + column]!) && !verdicts.isSettled(row))
        verdicts.reject(row, unreadableCell);
    }
  });
}

/** All rejected rows, in the order of the file. */
function rejectedRows(
  table: TextTable,
  verdicts: RowVerdicts,
  broken: RowTable['broken'],
  encoding: CharacterEncoding,
): RejectedRow[] {
  const width = table.header.length;
  const rows = verdicts.rejected.map(({ row, reason: { code, message } }): RejectedRow => {
    const cells = new Array<string>(width);
    for (let column = 0; column < width; column++)
      cells[column] = table.columns[column]![table.codes[row * width + column]!]!;
    return { line: table.lines[row]!, code, message, cells };
  });
  if (broken.length === 0) return rows;
  const cutOut = broken.map(
    ({ line, reason: { code, message }, cells }: BrokenRow): RejectedRow => ({
      line,
      code,
      message,
      cells: cells.map((cell) => decodeCell(cell, encoding)),
    }),
  );
  return [...rows, ...cutOut].sort((a, b) => a.line - b.line);
}

function reportColumns(
  header: readonly string[],
  { fields, reasons }: Recognition,
  records: IngestedRecords,
): ColumnReport[] {
  return header.map((column, index) => {
    const attribute = records.attributeColumns.get(index);
    if (attribute) return { column, field: attribute.isKept ? 'attribute' : 'ignored', why: attribute.why };
    return { column, field: fields[index] ?? 'ignored', why: reasons[index] || 'not a known name' };
  });
}

function noValidRows(rejected: readonly RejectedRow[]): FileProblem {
  const counts = Object.entries(countByCode(rejected.map(({ code }) => code)));
  const reasons = counts.map(([code, count]) => `${code} ${count}`).join(', ');
  return {
    code: 'NO_VALID_ROWS',
    message:
      rejected.length === 0
        ? 'The file has a line of column names and no rows; at least one row is needed. Export it again and drop it.'
        : `None of the ${rejected.length} rows can be used (${reasons}). Mend them by the reasons in the file of rejects and drop it again.`,
  };
}

function timeRange(atMs: Float64Array): { firstAtMs?: number; lastAtMs?: number } {
  if (atMs.length === 0) return {};
  let firstAtMs = Number.POSITIVE_INFINITY;
  let lastAtMs = Number.NEGATIVE_INFINITY;
  for (const at of atMs) {
    if (at < firstAtMs) firstAtMs = at;
    if (at > lastAtMs) lastAtMs = at;
  }
  return { firstAtMs, lastAtMs };
}

/** A file that was turned away before any of its rows were looked at. */
function rejectedFile(problem: FileProblem): IngestedFile {
  return {
    status: 'rejected',
    problem,
    kind: undefined,
    customers: [],
    identities: [],
    items: [],
    interactions: noInteractions,
    texts: [],
    rejects: { header: [], rows: [] },
    report: {
      read: 0,
      accepted: 0,
      rejected: 0,
      duplicates: 0,
      rejectedByReason: {},
      delimiter: '',
      encoding: 'utf-8',
      columns: [],
      ignoredColumns: [],
      notes: [],
      scripts: { latin: 0, han: 0 },
    },
  };
}
