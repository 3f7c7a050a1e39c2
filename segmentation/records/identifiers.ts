export const maxIdentifierLength = 256;

const nothing = new Set([
  '',
  'null',
  'nan',
  'none',
  'n/a',
  '#n/a',
  'na',
  'nil',
  'undefined',
  '-',
  '\\n',
  '<na>',
  '空',
  '无',
]);

/** Whether a cell says that there is no value: empty, or one of the words that databases and spreadsheets write for it. */
export function isMissing(cell: string): boolean {
  return cell === '' || (cell.length <= 9 && nothing.has(cell.trim().toLowerCase()));
}

/**
 * The id in a cell: trimmed and composed (NFC), without the apostrophe that keeps spreadsheets from changing it and without the
 * ".0" that they and data frames put behind whole numbers ("17850.0" is 17850). Empty where the cell says that there is none.
 */
export function identifierOf(cell: string): string {
  if (isMissing(cell)) return '';
  let id = cell.trim();
  if (id.startsWith("'")) id = id.slice(1).trim();
  return /^\d+\.0+$/.test(id) ? id.slice(0, id.indexOf('.')) : id.normalize('NFC');
}
