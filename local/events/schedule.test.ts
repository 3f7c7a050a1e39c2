import { describe, expect, it } from 'vitest';
import { parseSchedule, ScheduleExpressionError } from './schedule.ts';

const at = (text: string) => Date.parse(text);
const next = (expression: string, after: string) => {
  const timeMs = parseSchedule(expression).nextAfter(at(after));
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
};

describe('schedule expressions', () => {
  // Expressions and their meaning: EventBridge user guide, "Cron expressions", table of examples. 2026-01-01 is a Thursday.
  it.each([
    ['cron(0 10 * * ? *)', '2026-01-01T09:59:59Z', '2026-01-01T10:00:00.000Z', '10:00 every day'],
    ['cron(0 10 * * ? *)', '2026-01-01T10:00:00Z', '2026-01-02T10:00:00.000Z', 'not twice at the same minute'],
    ['cron(0 18 ? * MON-FRI *)', '2026-01-02T18:00:00Z', '2026-01-05T18:00:00.000Z', 'Monday follows Friday'],
    ['cron(0 8 1 * ? *)', '2026-01-15T00:00:00Z', '2026-02-01T08:00:00.000Z', 'first day of the month'],
    ['cron(0/10 * ? * MON-FRI *)', '2026-01-01T00:03:00Z', '2026-01-01T00:10:00.000Z', 'every ten minutes'],
    ['cron(0/5 8-17 ? * MON-FRI *)', '2026-01-01T17:55:00Z', '2026-01-02T08:00:00.000Z', 'office hours'],
    ['cron(0 9 ? * 2#1 *)', '2026-01-01T00:00:00Z', '2026-01-05T09:00:00.000Z', 'first Monday of each month'],
    ['cron(0 0 L * ? *)', '2028-02-01T00:00:00Z', '2028-02-29T00:00:00.000Z', 'last day of a leap February'],
    ['cron(0 0 ? * 6L *)', '2026-01-01T00:00:00Z', '2026-01-30T00:00:00.000Z', 'last Friday'],
    ['cron(30 6 25 DEC ? 2027)', '2026-01-01T00:00:00Z', '2027-12-25T06:30:00.000Z', 'one Christmas'],
    ['rate(5 minutes)', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00.000Z', 'rate'],
    ['rate(1 day)', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00.000Z', 'rate of one'],
  ])('%s after %s is %s (%s)', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  it('has no next time after the last', () => {
    expect(next('cron(0 0 1 1 ? 2026)', '2026-01-01T00:00:00Z')).toBeUndefined();
  });

  it.each([
    'cron(0 10 * * * *)',
    'cron(0 24 * * ? *)',
    'cron(0 10 3W * ? *)',
    'rate(0 minutes)',
    'rate(5 weeks)',
    'every day',
  ])('refuses %s', (expression) => {
    expect(() => parseSchedule(expression)).toThrow(ScheduleExpressionError);
  });
});
