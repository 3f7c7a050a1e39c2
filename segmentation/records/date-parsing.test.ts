import { describe, expect, it } from 'vitest';
import { detectDateOrder, parseInstant } from './date-parsing.ts';

const latestMs = Date.UTC(2024, 0, 1);

describe('parseInstant', () => {
  // Expected milliseconds: Python 3 datetime(..., tzinfo).timestamp() * 1000.
  it.each([
    ['2010-12-01 08:26', 1291191960000],
    ['2010-12-01T08:26', 1291191960000],
    ['2011-01-31', 1296432000000],
    ['2011/1/31', 1296432000000],
    ['20110131', 1296432000000],
    ['20101201082600', 1291191960000],
    ['2020-02-29T23:59:58Z', 1583020798000],
    ['2020-02-29T23:59:58.250Z', 1583020798250],
    ['2020-02-29 23:59:58 UTC', 1583020798000],
    ['2021-05-31T17:45:00+08:00', 1622454300000],
    ['2021-05-31 17:45:00 +0800', 1622454300000],
    ['2021-05-31 17:45:00-05:30', 1622502900000],
    ['2012/1/2 0:30', 1325464200000],
    ['2012-01-02 12:30 AM', 1325464200000],
    ['2012-01-02 12:30 pm', 1325507400000],
    ['4 Jul 2024', 1720051200000],
    ['July 4, 2024', 1720051200000],
    ['2023年5月1日 12:30', 1682944200000],
    ['2023年5月1日 9时5分7秒', 1682931907000],
    ['1291191960', 1291191960000],
    ['1291191960.0', 1291191960000],
    ['1291191960123', 1291191960123],
    ['1291191960123456', 1291191960123],
  ])('reads %s', (text, atMs) => {
    expect(parseInstant(text, 'day-first')).toBe(atMs);
  });

  it.each([
    '',
    'yesterday',
    '2011-02-29',
    '2011-13-01',
    '2011-00-10',
    '2011-01-31 24:00',
    '2011-01-31 10:60',
    '2011-01-31 13:00 PM',
    '2011-1/31',
    '1899-12-31',
    '31 Foo 2011',
    '12345',
    '2011-01-31 noon',
  ])('refuses %s', (text) => {
    expect(parseInstant(text, 'day-first')).toBeNaN();
  });

  it('reads dates that end in their year in the order given', () => {
    expect(parseInstant('3/12/2021', 'month-first')).toBe(1615507200000);
    expect(parseInstant('3/12/2021', 'day-first')).toBe(1638489600000);
    expect(parseInstant('13/12/2021', 'month-first')).toBeNaN();
  });
});

describe('detectDateOrder', () => {
  it('goes by a value that only one order allows', () => {
    expect(detectDateOrder(['3/4/2021', '12/25/2021'], latestMs).order).toBe('month-first');
    expect(detectDateOrder(['3/4/2021', '25/12/2021'], latestMs).order).toBe('day-first');
  });

  it('goes by the majority where values contradict each other', () => {
    expect(detectDateOrder(['3/13/2021', '3/14/2021', '15/3/2021'], latestMs).order).toBe('month-first');
  });

  it('takes an order that puts dates in the future for the wrong one', () => {
    // 5 June against 6 May 2023, received on 1 June.
    expect(detectDateOrder(['6/5/2023'], Date.UTC(2023, 5, 1)).order).toBe('day-first');
  });

  it('goes by the order of the rows where all values are possible', () => {
    const daysOfJanuary = ['1/1/2021', '2/1/2021', '3/1/2021', '1/2/2021', '2/2/2021'];
    expect(detectDateOrder(daysOfJanuary, latestMs).order).toBe('day-first');
    const monthsInTurn = ['1/1/2021', '1/2/2021', '1/3/2021', '2/1/2021', '2/2/2021'];
    expect(detectDateOrder(monthsInTurn, latestMs).order).toBe('month-first');
  });

  it('falls back on what is usual', () => {
    expect(detectDateOrder(['1/2/2021'], latestMs).order).toBe('month-first');
    expect(detectDateOrder(['1.2.2021'], latestMs).order).toBe('day-first');
    expect(detectDateOrder(['2021-02-01'], latestMs)).toEqual({ order: 'day-first' });
  });
});
