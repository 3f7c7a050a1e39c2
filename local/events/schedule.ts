/**
 * Schedule expressions of rules: `rate(5 minutes)`, `cron(0 3 * * ? *)`, in UTC.
 * Source: EventBridge user guide, "Setting a schedule pattern for scheduled rules (legacy)".
 */
export interface Schedule {
  /** The next time after `afterMs` (milliseconds since 1970); undefined when there is none left. */
  nextAfter(afterMs: number): number | undefined;
}

/** An expression that EventBridge would refuse, or that is not known here. */
export class ScheduleExpressionError extends Error {
  override readonly name = 'ScheduleExpressionError';
  readonly code = 'INVALID_SCHEDULE';
  readonly retryable = false;
}

const MINUTE_MS = 60_000;
const UNITS_MS: Readonly<Record<string, number>> = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 1440 * MINUTE_MS };
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const LAST_YEAR = 2199;

/** @throws ScheduleExpressionError */
export function parseSchedule(expression: string): Schedule {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate) {
    const periodMs = Number(rate[1]) * UNITS_MS[rate[2]!]!;
    if (periodMs === 0) throw new ScheduleExpressionError(`${expression}: the rate must be at least 1.`);
    return { nextAfter: (afterMs) => afterMs + periodMs };
  }
  const cron = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/.exec(expression);
  if (!cron)
    throw new ScheduleExpressionError(
      `${expression} is neither rate(<number> <minutes|hours|days>) nor cron(<six fields>).`,
    );
  return parseCron(cron.slice(1), expression);
}

function parseCron(fields: readonly string[], expression: string): Schedule {
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = fields;
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw new ScheduleExpressionError(`${expression}: exactly one of day-of-month and day-of-week must be ?.`);
  }
  const minutes = field(minute, 0, 59, [], expression);
  const hours = field(hour, 0, 23, [], expression);
  const months = field(month, 1, 12, MONTHS, expression);
  const years = field(year, 1970, LAST_YEAR, [], expression);
  const days = dayTest(dayOfMonth, dayOfWeek, expression);
  return {
    nextAfter(afterMs) {
      let day = Math.floor(afterMs / UNITS_MS['day']!) * UNITS_MS['day']!;
      for (;;) {
        const date = new Date(day);
        if (date.getUTCFullYear() > LAST_YEAR) return undefined;
        if (years.has(date.getUTCFullYear()) && months.has(date.getUTCMonth() + 1) && days(date)) {
          for (const atHour of hours) {
            for (const atMinute of minutes) {
              const timeMs = day + (atHour * 60 + atMinute) * MINUTE_MS;
              if (timeMs > afterMs) return timeMs;
            }
          }
        }
        day += UNITS_MS['day']!;
      }
    },
  };
}

function dayTest(dayOfMonth: string, dayOfWeek: string, expression: string): (date: Date) => boolean {
  if (dayOfMonth === 'L') return (date) => date.getUTCDate() === lastDayOfMonth(date);
  if (dayOfMonth !== '?') {
    const days = field(dayOfMonth, 1, 31, [], expression);
    return (date) => days.has(date.getUTCDate());
  }
  const nth = /^([1-7]|[A-Z]{3})#([1-5])$/.exec(dayOfWeek);
  if (nth) {
    const [weekday] = field(nth[1]!, 1, 7, WEEKDAYS, expression);
    return (date) => date.getUTCDay() + 1 === weekday && Math.ceil(date.getUTCDate() / 7) === Number(nth[2]);
  }
  const last = /^([1-7]|[A-Z]{3})L$/.exec(dayOfWeek);
  if (last) {
    const [weekday] = field(last[1]!, 1, 7, WEEKDAYS, expression);
    return (date) => date.getUTCDay() + 1 === weekday && date.getUTCDate() + 7 > lastDayOfMonth(date);
  }
  const weekdays = field(dayOfWeek, 1, 7, WEEKDAYS, expression);
  return (date) => weekdays.has(date.getUTCDay() + 1);
}

/** The values of `*`, `a`, `a-b`, `a,b`, `x/step`, in ascending order. */
function field(
  text: string,
  low: number,
  high: number,
  names: readonly string[],
  expression: string,
): ReadonlySet<number> {
  const numberOf = (part: string): number => {
    const named = names.indexOf(part.toUpperCase());
    const value = named >= 0 ? named + low : Number(part);
    if (!/^\w+$/.test(part) || !Number.isInteger(value) || value < low || value > high) {
      throw new ScheduleExpressionError(`${expression}: "${part}" is not within ${low} to ${high}.`);
    }
    return value;
  };
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step] = part.split('/');
    const [from = '', to] = range.split('-');
    const start = range === '*' ? low : numberOf(from);
    const end = range === '*' || (step !== undefined && to === undefined) ? high : numberOf(to ?? from);
    const stride = step === undefined ? 1 : Number(step);
    if (!Number.isInteger(stride) || stride < 1 || end < start)
      throw new ScheduleExpressionError(`${expression}: "${part}" is not a range.`);
    for (let value = start; value <= end; value += stride) values.add(value);
  }
  return new Set([...values].sort((a, b) => a - b));
}

function lastDayOfMonth(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}
