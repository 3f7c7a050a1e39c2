import { describe, expect, it } from 'vitest';
import { detectDecimalMark, parseBand, parseNumber } from './number-parsing.ts';

describe('parseNumber', () => {
  it.each([
    ['2.55', 2.55],
    ['-80995', -80995],
    ['+3', 3],
    ['.5', 0.5],
    ['1,234.56', 1234.56],
    ['1 234 567', 1234567],
    ['$1,234', 1234],
    ['-$5.00', -5],
    ['£2.55', 2.55],
    ['¥ 19.90', 19.9],
    ['USD 12', 12],
    ['12 EUR', 12],
    ['99元', 99],
    ['(12.00)', -12],
    ['１２.５', 12.5],
    ['\u22123', -3],
    ['1.5e3', 1500],
  ])('reads %s', (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });

  it.each(['', ' ', '-', 'abc', '1.2.3', '12-34', '1,23', '0x10', 'Infinity', 'NaN', '$', '1e999', '12abc'])(
    'refuses "%s"',
    (text) => {
      expect(parseNumber(text)).toBeNaN();
    },
  );

  it('reads decimal commas', () => {
    expect(parseNumber('2,50', ',')).toBe(2.5);
    expect(parseNumber('1.234,5', ',')).toBe(1234.5);
    expect(parseNumber('1 234,50 €', ',')).toBe(1234.5);
    expect(parseNumber('2.50', ',')).toBeNaN();
  });
});

describe('detectDecimalMark', () => {
  it('goes by the values that only one mark allows', () => {
    expect(detectDecimalMark(['1,234', '2,50'], ',')).toBe(',');
    expect(detectDecimalMark(['1,234', '2.50'], ';')).toBe('.');
  });

  it('takes "1,234" for thousands unless the file is separated by semicolons', () => {
    expect(detectDecimalMark(['1,234'], ',')).toBe('.');
    expect(detectDecimalMark(['1,234'], ';')).toBe(',');
  });
});

describe('parseBand', () => {
  it.each([
    ['$30K - $50K', 40000],
    ['$150K +', 150000],
    ['25-34', 29.5],
    ['30-50K', 40000],
    ['under 18', 18],
    ['65+', 65],
    ['5000元以下', 5000],
    ['1万-3万', 20000],
    ['30岁以上', 30],
  ])('reads %s', (text, value) => {
    expect(parseBand(text)).toBe(value);
  });

  it.each(['Bronze', '50-30', '2010-12-01', '', 'a-b'])('refuses "%s"', (text) => {
    expect(parseBand(text)).toBeNaN();
  });
});
