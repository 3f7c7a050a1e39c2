export type DecimalMark = '.' | ',';

const plain = /^-?\d{1,15}(?:\.\d+)?$/;
const withPoint = /^[-+]?(?:\d{1,3}(?:[, '\u00a0\u2019]\d{3})+|\d+)?(?:\.\d+)?(?:e[-+]?\d{1,3})?$/i;
const withComma = /^[-+]?(?:\d{1,3}(?:[. '\u00a0\u2019]\d{3})+|\d+)?(?:,\d+)?$/;
/** Currency signs and codes before a number, and those and counters behind it. */
const unitBefore = /^([-+]?)\s*(?:\p{Sc}|US\$|RMB|(?:USD|EUR|GBP|CNY|JPY|CAD|AUD|CHF|INR)\b)\s*/iu;
const unitBehind = /\s*(?:\p{Sc}|(?:USD|EUR|GBP|CNY|RMB|JPY|CAD|AUD|CHF|INR)|[元块圆円星分件个])$/iu;

/**
 * A number as people and programs write it: grouped digits, a currency sign or code, accounting parentheses, full-width
 * digits. NaN where it is none.
 */
export function parseNumber(text: string, mark: DecimalMark = '.'): number {
  let body = text.trim();
  if (mark === '.' && plain.test(body)) return Number(body);
  body = body.normalize('NFKC').trim().replace('\u2212', '-');
  let sign = 1;
  if (body.startsWith('(') && body.endsWith(')')) {
    sign = -1;
    body = body.slice(1, -1);
  }
  body = body.replace(unitBefore, '$1').replace(unitBehind, '');
  if (!/\d/.test(body) || !(mark === '.' ? withPoint : withComma).test(body)) return Number.NaN;
  const digits =
    mark === '.' ? body.replace(/[, '\u00a0\u2019]/g, '') : body.replace(/[. '\u00a0\u2019]/g, '').replace(',', '.');
  const value = sign * Number(digits);
  return Number.isFinite(value) ? value : Number.NaN;
}

/**
 * Which mark the numbers of a column are written with, by the values that only one of them allows ("2,50", "1.234,5"
 * against "2.50", "1,234.5"). Without such evidence a comma in a semicolon-separated file, else a point.
 */
export function detectDecimalMark(values: readonly string[], delimiter: string): DecimalMark {
  let points = 0;
  let commas = 0;
  for (const value of values) {
    if (!value.includes(',') && !value.includes('.')) continue;
    const asPoint = !Number.isNaN(parseNumber(value, '.'));
    const asComma = !Number.isNaN(parseNumber(value, ','));
    if (asPoint && !asComma) points++;
    else if (asComma && !asPoint) commas++;
  }
  if (points === commas) return delimiter === ';' ? ',' : '.';
  return points > commas ? '.' : ',';
}

const magnitudes: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, 千: 1e3, 万: 1e4 };
const bandNumber = '(\\d[\\d,]*(?:\\.\\d+)?)\\s*([km千万])?';
const closedBand = new RegExp(`^${bandNumber}\\s*(?:-|–|—|~|～|to|至|到)\\s*${bandNumber}$`, 'i');
const openAbove = new RegExp(
  `^(?:(?:>=?|≥|over|above)\\s*${bandNumber}|${bandNumber}\\s*(?:\\+|and over|or more|以上))$`,
  'i',
);
const openBelow = new RegExp(`^(?:(?:<=?|≤|under|below|up to)\\s*${bandNumber}|${bandNumber}\\s*(?:以下|以内))$`, 'i');

/**
 * A band such as "$30K - $50K", "25-34", "$150K +", "under 18" or "5000元以下" as one number: the middle of a closed band, the
 * bound of an open one. NaN where it is none.
 */
export function parseBand(text: string): number {
  const body = text
    .normalize('NFKC')
    .replace(/[\p{Sc}元岁]|USD|EUR|GBP|CNY|RMB/gu, '')
    .trim();
  const closed = closedBand.exec(body);
  if (closed) {
    const high = scaled(closed[3]!, closed[4]);
    const low = scaled(closed[1]!, closed[2] ?? (Number(closed[1]) < Number(closed[3]) ? closed[4] : undefined));
    return low < high ? (low + high) / 2 : Number.NaN;
  }
  const open = openAbove.exec(body) ?? openBelow.exec(body);
  if (!open) return Number.NaN;
  return open[1] === undefined ? scaled(open[3]!, open[4]) : scaled(open[1], open[2]);
}

function scaled(digits: string, magnitude: string | undefined): number {
  return Number(digits.replaceAll(',', '')) * (magnitude ? magnitudes[magnitude.toLowerCase()]! : 1);
}
