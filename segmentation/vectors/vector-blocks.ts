/** A run of neighbouring columns of the customer table that is scaled as one. */
export interface VectorBlock {
  readonly name: string;
  readonly columns: number;
  /**
   * `each-column`: every column to unit variance, for columns in units of their own (money, days, counts).
   * `whole-block`: one scale for all, for columns whose differences in variance mean something (the axes of a text vector).
   */
  readonly scaling: 'each-column' | 'whole-block';
  /** The block's total variance after scaling, >= 0. */
  readonly weight: number;
}

export type CustomerBlockName = 'text' | 'behaviour' | 'profile';

/**
 * The expected squared distance between two customers is twice the sum of the blocks' total variances, so a weight is a
 * block's say in who is near whom, however many columns it has. What customers buy and how they buy count equally; profile
 * counts half, because it holds what shops cannot act on as readily (age, region) and its one-hot columns carry full variance
 * even when they say little.
 */
export const defaultBlockWeights: Readonly<Record<CustomerBlockName, number>> = { text: 1, behaviour: 1, profile: 0.5 };

/** The layout of a customer row: text, behaviour, profile, in this order. A block of 0 columns is left out. */
export function customerBlocks(
  columns: Readonly<Record<CustomerBlockName, number>>,
  weights: Readonly<Record<CustomerBlockName, number>> = defaultBlockWeights,
): VectorBlock[] {
  const blocks: VectorBlock[] = [
    { name: 'text', columns: columns.text, scaling: 'whole-block', weight: weights.text },
    { name: 'behaviour', columns: columns.behaviour, scaling: 'each-column', weight: weights.behaviour },
    { name: 'profile', columns: columns.profile, scaling: 'each-column', weight: weights.profile },
  ];
  return blocks.filter((block) => block.columns > 0);
}
