import { type RejectedRow, rejectColumns } from './reject-reasons.ts';

/**
 * The rejected rows of a file as CSV (RFC 4180, UTF-8, LF): the file's own columns as they stood, then `_line`, `_code` and
 * `_message`. A person mends the cells and drops the file again, the three columns included: they are ignored then. So
 * cells are not defused against spreadsheets (as exports are): a changed cell would come back changed. Where a row has more cells
 * than the header, the last column holds the rest, joined by commas.
 */
export function writeRejectsCsv(rejects: {
  readonly header: readonly string[];
  readonly rows: readonly RejectedRow[];
}): string {
  const width = rejects.header.findIndex((name) => rejectColumns.includes(name));
  const own = width < 0 ? rejects.header.length : width;
  const lines = [csvLine([...rejects.header.slice(0, own), ...rejectColumns])];
  for (const { line, code, message, cells } of rejects.rows) {
    const fitted = Array.from({ length: own }, (_, column) => cells[column] ?? '');
    if (cells.length > rejects.header.length && own > 0) fitted[own - 1] = cells.slice(own - 1).join(',');
    lines.push(csvLine([...fitted, String(line), code, message]));
  }
  return lines.join('');
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n;\t|]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;
}
