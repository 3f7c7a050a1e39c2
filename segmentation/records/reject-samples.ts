import type { RejectedRow } from './reject-reasons.ts';

const samplesPerReason = 3;

/** The first rejected rows of each reason, without their cells: those may hold personal data. */
export function rejectSamples(rows: readonly RejectedRow[]): Pick<RejectedRow, 'line' | 'code' | 'message'>[] {
  const seen = new Map<string, number>();
  return rows
    .filter(({ code }) => {
      const count = (seen.get(code) ?? 0) + 1;
      seen.set(code, count);
      return count <= samplesPerReason;
    })
    .map(({ line, code, message }) => ({ line, code, message }));
}
