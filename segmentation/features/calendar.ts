/** Calendar arithmetic on whole UTC days since 1970-01-01, without Date objects. */

export const dayMs = 86_400_000;
export const minuteMs = 60_000;

export function dayOf(atMs: number): number {
  return Math.floor(atMs / dayMs);
}

/** True for Saturdays and Sundays (day 0 was a Thursday). */
export function isWeekend(day: number): boolean {
  const weekday = (((day + 4) % 7) + 7) % 7;
  return weekday === 0 || weekday === 6;
}

/**
 * Months since 1970-01: 0 is January 1970, 12 January 1971. The month of the year is the result modulo 12.
 * Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days (2021): years begin in March, so the
 * leap day is a year's last.
 */
export function monthOf(day: number): number {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  return (era * 400 + yearOfEra - 1970) * 12 + marchMonth + 2;
}

/** `2011-11` for a count of months since 1970-01. */
export function monthName(month: number): string {
  return `${1970 + Math.floor(month / 12)}-${String((((month % 12) + 12) % 12) + 1).padStart(2, '0')}`;
}
