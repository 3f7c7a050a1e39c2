import type { ItemRecord } from '../records/tables.ts';
import { distinctiveFacets, itemSupport } from './distinctive-words.ts';
import type { SegmentStatistics } from './segment-statistics.ts';

export interface DistinctiveItem {
  readonly item: string;
  readonly title: string;
  /** Customers of the segment who chose it. */
  readonly customers: number;
  /** Of the segment's customers. */
  readonly customerShare: number;
  /** The segment's attention to the item over that of all customers. */
  readonly lift: number;
}

/** The items that set each segment apart, best first: [k][at most `limit`]; an item without a record is called by its id. */
export function distinctiveItems(
  statistics: SegmentStatistics,
  items: ReadonlyMap<string, ItemRecord>,
  limit: number,
): DistinctiveItem[][] {
  return distinctiveFacets(statistics, statistics.items, itemSupport, limit).map((found, segment) =>
    found.map(({ facet, customers, lift }) => ({
      item: facet,
      title: items.get(facet)?.title ?? facet,
      customers,
      customerShare: customers / statistics.slots[segment]!.customers,
      lift,
    })),
  );
}
