/** Adjoining columns of the raw customer table that are scaled together. */
export interface VectorBlock {
  readonly name: string;
  readonly columns: number;
  /**
   * `each-column`: every column to unit variance, for columns in units of their own (money, days, counts).
   * `whole-block`: one scale for all, for columns whose differences in variance mean something (the axes of a text vector, the
   * categories of one attribute: a category that few have tells few apart).
   */
  readonly scaling: 'each-column' | 'whole-block';
  /** The block's total variance after scaling, >= 0. */
  readonly weight: number;
}

/** How many columns of a customer's row each kind of knowledge has. */
export interface CustomerColumns {
  readonly text: number;
  readonly behaviour: number;
  /** Of each attribute: 1 for a number, its categories for a category. */
  readonly attributes: readonly number[];
}

export interface BlockWeights {
  readonly text: number;
  readonly behaviour: number;
  /** Of all attributes together, at most. */
  readonly attributes: number;
}

/**
 * The expected squared distance between two customers is twice the sum of the blocks' total variances, so a weight is a
 * block's say in who is near whom, however many columns it has. What customers buy and how they buy count equally. Who they are
 * counts half at most, because shops cannot act on it as readily (age, region).
 */
export const defaultBlockWeights: BlockWeights = { text: 1, behaviour: 1, attributes: 0.5 };

/**
 * The layout of a customer's row: text, behaviour, then attribute by attribute. An attribute weighs as much as one behaviour
 * feature, so that a shop that knows one thing about its customers does not get segments of that one thing. Blocks of 0 columns are
 * left out.
 */
export function customerBlocks(columns: CustomerColumns, weights: BlockWeights = defaultBlockWeights): VectorBlock[] {
  const { text, behaviour, attributes } = columns;
  const perAttribute = Math.min(weights.behaviour / Math.max(behaviour, 1), weights.attributes / attributes.length);
  const blocks: VectorBlock[] = [
    { name: 'text', columns: text, scaling: 'whole-block', weight: weights.text },
    { name: 'behaviour', columns: behaviour, scaling: 'each-column', weight: weights.behaviour },
    ...attributes.map(
      (categories, index): VectorBlock => ({
        name: `attribute ${index}`,
        columns: categories,
        scaling: 'whole-block',
        weight: perAttribute,
      }),
    ),
  ];
  return blocks.filter((block) => block.columns > 0);
}
