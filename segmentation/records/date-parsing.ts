/** Order of day and month in dates such as 3/4/2021. */
export type DateOrder = 'month-first' | 'day-first';

const clock = String.raw`(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([ap]\.?m\.?)?\s*(z|utc|gmt|[-+]\d{2}:?\d{2}|[-+]\d{2})?)?`;
const yearFirst = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${clock}$`, 'i');
const yearLast = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})${clock}$`, 'i');
const dayName = new RegExp(String.raw`^(\d{1,2})[ -]([a-z]{3,9})\.?[ -](\d{4})${clock}$`, 'i');
const nameDay = new RegExp(String.raw`^([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})${clock}$`, 'i');
const withHanUnits =
  /^(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?(?:\s*(\d{1,2})\s*[:时点]\s*(\d{1,2})(?:\s*[:分]\s*(\d{1,2})秒?)?分?)?$/;
const compact = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?$/;
const epoch = /^(\d{9,17})(?:\.\d+)?$/;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Milliseconds since 1970 of a date or a date and time; NaN where it is none. Understood: ISO 8601 with `T` or a space, with
 * or without seconds, fraction and zone; slashes and dots; 12-hour clocks; English month names; 年月日; YYYYMMDD and
 * YYYYMMDDHHMMSS; seconds, milliseconds or microseconds since 1970, by their magnitude. No zone means UTC; years 1900 to 2199.
 * @param order how to read dates that end in their year.
 */
export function parseInstant(text: string, order: DateOrder): number {
  const body = text.trim();
  const iso = yearFirst.exec(body);
  if (iso) return instant(iso[1]!, iso[3]!, iso[4]!, iso, 5);
  const numeric = epoch.exec(body);
  const dense = compact.exec(body);
  if (dense) {
    const at = instant(dense[1]!, dense[2]!, dense[3]!, dense, 4);
    if (!Number.isNaN(at) || !numeric) return at;
  }
  if (numeric) {
    const count = Number(numeric[1]);
    return count < 1e11 ? Number(body) * 1000 : Math.floor(count < 1e14 ? Number(body) : count / 1000);
  }
  const slashed = yearLast.exec(body);
  if (slashed) {
    const isMonthFirst = order === 'month-first';
    return instant(slashed[4]!, slashed[isMonthFirst ? 1 : 3]!, slashed[isMonthFirst ? 3 : 1]!, slashed, 5);
  }
  const named = dayName.exec(body);
  if (named) return instant(named[3]!, monthNumber(named[2]!), named[1]!, named, 4);
  const american = nameDay.exec(body);
  if (american) return instant(american[3]!, monthNumber(american[1]!), american[2]!, american, 4);
  const chinese = withHanUnits.exec(body);
  return chinese ? instant(chinese[1]!, chinese[2]!, chinese[3]!, chinese, 4) : Number.NaN;
}

/** @param clockAt index in `match` of hour, minute, second, fraction, half of the day and zone. */
function instant(year: string, month: string, day: string, match: RegExpExecArray, clockAt: number): number {
  const y = Number(year);
  const m = Number(month);
  const d = Number(day);
  if (y < 1900 || y > 2199 || !(m >= 1 && m <= 12) || d < 1 || d > daysIn(y, m)) return Number.NaN;
  const hourText = match[clockAt];
  if (hourText === undefined) return Date.UTC(y, m - 1, d);
  let hour = Number(hourText);
  const minute = Number(match[clockAt + 1]);
  const second = Number(match[clockAt + 2] ?? 0);
  const half = match[clockAt + 4]?.[0]?.toLowerCase();
  if (half) {
    if (hour < 1 || hour > 12) return Number.NaN;
    hour = (hour % 12) + (half === 'p' ? 12 : 0);
  }
  // A 60th second is a leap second (ISO 8601) and counts as the next one.
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN;
  const milliseconds = Math.floor(Number(`0.${match[clockAt + 3] ?? '0'}`) * 1000);
  return Date.UTC(y, m - 1, d, hour, minute, second, milliseconds) - zoneOffsetMs(match[clockAt + 5]);
}

function zoneOffsetMs(zone: string | undefined): number {
  if (!zone || /^(?:z|utc|gmt)$/i.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', ''));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function monthNumber(name: string): string {
  return String(months.indexOf(name.slice(0, 3).toLowerCase()) + 1);
}

export interface DateOrderFinding {
  readonly order: DateOrder;
  /** Set where dates end in their year: on what the order was decided. */
  readonly evidence?: string;
}

/**
 * Decides for a whole column how dates that end in their year are read: the order under which fewer values are impossible
 * or in the future; of equals, the one under which the file, read from top to bottom, goes back in time less often; of
 * equals, day-first for dots and dashes and month-first for slashes.
 * @param values distinct values in the order of their first appearance.
 */
export function detectDateOrder(values: readonly string[], latestMs: number): DateOrderFinding {
  const ambiguous = values.filter((value) => yearLast.test(value.trim()));
  if (ambiguous.length === 0) return { order: 'day-first' };
  const month = weighOrder(ambiguous, 'month-first', latestMs);
  const day = weighOrder(ambiguous, 'day-first', latestMs);
  if (month.impossible !== day.impossible) {
    const order = month.impossible < day.impossible ? 'month-first' : 'day-first';
    return { order, evidence: 'the other order gives impossible or future dates' };
  }
  if (month.descents !== day.descents) {
    const order = month.descents < day.descents ? 'month-first' : 'day-first';
    return { order, evidence: 'the rows are more nearly in the order of time' };
  }
  const hasSlashes = yearLast.exec(ambiguous[0]!.trim())![2] === '/';
  return { order: hasSlashes ? 'month-first' : 'day-first', evidence: 'nothing in the file decides it; this is usual' };
}

function weighOrder(
  values: readonly string[],
  order: DateOrder,
  latestMs: number,
): { impossible: number; descents: number } {
  let impossible = 0;
  let descents = 0;
  let before = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    const at = parseInstant(value, order);
    if (Number.isNaN(at) || at > latestMs) {
      impossible++;
      continue;
    }
    if (at < before) descents++;
    before = at;
  }
  return { impossible, descents };
}
