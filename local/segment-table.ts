import Table from 'cli-table3';
import type { z } from 'zod';
import type { segmentSummarySchema } from '../contracts/api.ts';

const widestTable = 118;
const narrowColumns = 62;

/** Segments as a person reads them: name, customers, share, revenue, what sets them apart. */
export function segmentTable(segments: readonly z.infer<typeof segmentSummarySchema>[], columns: number): string {
  const width = Math.min(columns, widestTable);
  const table = new Table({
    head: ['Segment', 'Customers', 'Share', 'Revenue', 'What sets it apart'],
    colAligns: ['left', 'right', 'right', 'right', 'left'],
    colWidths: [24, 11, 8, 19, Math.max(width - narrowColumns - 6, 30)],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { name, customers, share, revenue, revenueShare, summary } of segments) {
    table.push([
      name,
      customers.toLocaleString('en'),
      percent(share),
      `${Math.round(revenue).toLocaleString('en')} (${percent(revenueShare)})`,
      // The first sentence repeats share and revenue, which have columns of their own.
      summary.replace(/^.*?(\. |。)/u, ''),
    ]);
  }
  return table.toString();
}

/** A share in per cent, with a decimal near either end, where a whole number would say none or all. */
export function percent(share: number): string {
  const isNearEnd = share < 0.1 || (share > 0.9 && share < 1);
  return `${(share * 100).toFixed(isNearEnd ? 1 : 0)} %`;
}
