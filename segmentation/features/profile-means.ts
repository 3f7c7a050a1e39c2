import type { AttributeStatistics } from './attribute-statistics.ts';
import type { ProfileEncoding } from './profile-encoding.ts';

/** The population's mean of each profile column [q]: what a customer counts as whose attribute is not known. */
export function profileMeans({ columns }: ProfileEncoding, { attributes }: AttributeStatistics): Float64Array {
  return Float64Array.from(columns, ({ attribute, category }) => {
    const summary = attributes.get(attribute)!;
    return category === undefined
      ? summary.sum.value / summary.numbers
      : summary.counts!.get(category)! / summary.strings;
  });
}
