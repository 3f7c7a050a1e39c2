import type { FeatureUnit } from '../features/behaviour-features.ts';

/** A number as a card shows it: shares in per cent, others with as many digits as are worth reading. */
export function formatValue(unit: FeatureUnit, value: number): string {
  if (unit === 'share') return formatShare(value);
  if (unit === 'days') return String(Math.round(value));
  const digits = Math.abs(value) < 10 ? (unit === 'money' ? 2 : 1) : 0;
  const [whole, fraction] = Math.abs(value).toFixed(digits).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',');
  const sign = value < 0 ? '-' : '';
  return fraction === undefined || /^0+$/.test(fraction) ? sign + grouped : `${sign}${grouped}.${fraction}`;
}

/** 0.742 -> `74 %`; shares below 10 % keep a digit. */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${Number(percent.toFixed(Math.abs(percent) < 9.95 ? 1 : 0)) + 0} %`;
}
