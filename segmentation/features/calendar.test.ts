import { expect, test } from 'vitest';
import { dayOf, isWeekend, monthName, monthOf } from './calendar.ts';

test('months and weekends of 22,717 days are those of pandas', () => {
  // pandas: date_range('1969-12-25', '2032-03-05'); sums of (year - 1970) * 12 + month - 1 and of dayofweek >= 5.
  let months = 0;
  let weekends = 0;
  for (let day = -7; day < -7 + 22_717; day++) {
    months += monthOf(day);
    weekends += Number(isWeekend(day));
  }
  expect(months).toBe(8_461_441);
  expect(weekends).toBe(6490);
});

test('a month is named by year and month', () => {
  expect(monthName(monthOf(dayOf(Date.UTC(2011, 11, 9, 12, 50))))).toBe('2011-12');
  expect(monthName(monthOf(dayOf(Date.UTC(2000, 1, 29))))).toBe('2000-02');
  expect(monthName(-1)).toBe('1969-12');
});
