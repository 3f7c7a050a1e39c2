import type { TraitFamily } from './trait-phrases.ts';

/** Something in which a segment differs from all customers. */
export interface Trait {
  /** Name of the behaviour feature, or of the attribute, with `=` and the value for a category. */
  readonly feature: string;
  readonly label: string;
  readonly segmentMean: number;
  readonly baseMean: number;
  /** Mean on the feature's own scale (mostly logarithmic) taken back to its unit: what is typical, unmoved by a few very large customers. */
  readonly segmentTypical: number;
  readonly baseTypical: number;
  /** segmentTypical / baseTypical. */
  readonly ratio: number;
  /** Difference of the means on the feature's own scale in standard deviations of the base, damped for small segments. */
  readonly effectSize: number;
  /** |effectSize| weighted by what the feature says to who plans a campaign. */
  readonly salience: number;
  readonly family: TraitFamily;
  /** What a sentence that begins with "They" goes on with. */
  readonly phrase: string;
  /** What a name calls it; absent where it says too little for one. */
  readonly adjective?: string;
}
