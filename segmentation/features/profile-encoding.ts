import type { CustomerRecord } from '../records/tables.ts';
import type { AttributeStatistics, AttributeSummary } from './attribute-statistics.ts';

export interface ProfileColumn {
  readonly attribute: string;
  /** The category this column is 1 for; absent where the column is the number itself. */
  readonly category?: string;
}

export type DropReason = 'too many values' | 'rarely given' | 'one value only';

/** How attributes become columns, fixed by the population it was fitted on. */
export interface ProfileEncoding {
  /** [q], by attribute, then by falling share. */
  readonly columns: readonly ProfileColumn[];
  readonly dropped: readonly { readonly attribute: string; readonly reason: DropReason }[];
}

const minCoverage = 0.05;
const minCategoryShare = 0.01;
const maxCategories = 12;
/** From this share on a category is all there is. */
const unaryShare = 0.995;

/**
 * Numbers become one column each; categories held by at least 1 % of the customers one column each, the 12 commonest at most, and one
 * column in place of two that say the same. Attributes given by under 5 % of the customers, with one value or with more
 * than 50 distinct strings are dropped, with the reason. An attribute with both numbers and strings is what most of its values are.
 */
export function fitProfileEncoding(statistics: AttributeStatistics): ProfileEncoding {
  const columns: ProfileColumn[] = [];
  const dropped: { attribute: string; reason: DropReason }[] = [];
  for (const attribute of [...statistics.attributes.keys()].sort()) {
    const outcome = columnsOf(attribute, statistics.attributes.get(attribute)!, statistics.customers);
    if (typeof outcome === 'string') dropped.push({ attribute, reason: outcome });
    else columns.push(...outcome);
  }
  return { columns, dropped };
}

function columnsOf(attribute: string, summary: AttributeSummary, customers: number): ProfileColumn[] | DropReason {
  const { numbers, strings, counts } = summary;
  if (Math.max(numbers, strings) < minCoverage * customers) return 'rarely given';
  if (numbers >= strings) return summary.min === summary.max ? 'one value only' : [{ attribute }];
  if (counts === undefined) return 'too many values';
  const common = [...counts]
    .filter(([, times]) => times >= minCategoryShare * customers)
    .sort(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : 1))
    .slice(0, maxCategories);
  const top = common[0];
  if (top === undefined) return 'too many values';
  if (top[1] >= unaryShare * strings) return 'one value only';
  const complementary = common.length === 2 && top[1] + common[1]![1] === strings;
  return common.slice(0, complementary ? 1 : maxCategories).map(([category]) => ({ attribute, category }));
}

/**
 * Profiles -> columns [n, q]. A value that is missing, or is not of the attribute's kind, is NaN: neutral, not zero.
 * A record is undefined for a customer of whom nothing is known.
 */
export function encodeProfiles(
  encoding: ProfileEncoding,
  records: readonly (Pick<CustomerRecord, 'attributes'> | undefined)[],
): Float32Array {
  const { columns } = encoding;
  const encoded = new Float32Array(records.length * columns.length).fill(Number.NaN);
  let at = 0;
  for (const record of records) {
    for (const { attribute, category } of columns) {
      const value = record?.attributes[attribute];
      if (category === undefined) {
        if (typeof value === 'number') encoded[at] = value;
      } else if (typeof value === 'string') encoded[at] = value === category ? 1 : 0;
      at++;
    }
  }
  return encoded;
}
