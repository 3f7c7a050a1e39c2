import { type InteractionType, interactionTypes } from '../records/tables.ts';

/**
 * What one customer did on one day, as integers: counts, and money, units and ratings in 1/10,000. Integer sums do not
 * depend on their order as long as they stay below 2^53, that is 9e11 of the currency for one customer.
 */
export const bucketColumns = [
  'lines',
  'units',
  'revenue',
  'pricedLines',
  'refundLines',
  'refundAmount',
  'reviews',
  'ratings',
  'ratingSum',
  'browsing',
  'carts',
  'orders',
] as const;
export type BucketColumn = (typeof bucketColumns)[number];
export const bucketWidth = bucketColumns.length;

export const column = Object.fromEntries(bucketColumns.map((name, index) => [name, index])) as Record<
  BucketColumn,
  number
>;

/** Parts of a whole in which money, units and ratings are counted. */
export const fixedPoint = 10_000;

/** What an interaction of each type counts as. Refunds and cancelled purchases both give money back. */
const countsAs: Record<InteractionType, 'purchase' | 'refund' | 'review' | 'browsing' | 'cart' | 'other'> = {
  view: 'browsing',
  search: 'browsing',
  click: 'browsing',
  cart: 'cart',
  wishlist: 'cart',
  purchase: 'purchase',
  refund: 'refund',
  cancel: 'refund',
  review: 'review',
  social: 'other',
  support: 'other',
  custom: 'other',
};
export const roleOfTypeCode = interactionTypes.map((type) => countsAs[type]);

/** Adds one interaction to the bucket of its day, which stands in `buckets` from `offset`. */
export function addToBucket(
  buckets: Float64Array | number[],
  offset: number,
  typeCode: number,
  quantity: number,
  amount: number,
  rating: number,
): void {
  const role = roleOfTypeCode[typeCode];
  if (role === 'purchase') {
    buckets[offset + column.lines]! += 1;
    buckets[offset + column.units]! += Number.isNaN(quantity) ? fixedPoint : Math.round(quantity * fixedPoint);
    if (!Number.isNaN(amount)) {
      buckets[offset + column.revenue]! += Math.round(amount * fixedPoint);
      buckets[offset + column.pricedLines]! += 1;
    }
  } else if (role === 'refund') {
    buckets[offset + column.refundLines]! += 1;
    if (!Number.isNaN(amount)) buckets[offset + column.refundAmount]! += Math.round(amount * fixedPoint);
  } else if (role === 'review') buckets[offset + column.reviews]! += 1;
  else if (role === 'browsing') buckets[offset + column.browsing]! += 1;
  else if (role === 'cart') buckets[offset + column.carts]! += 1;
  if (!Number.isNaN(rating)) {
    buckets[offset + column.ratings]! += 1;
    buckets[offset + column.ratingSum]! += Math.round(rating * fixedPoint);
  }
}
