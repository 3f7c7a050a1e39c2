import { ExactSum } from '../features/exact-sum.ts';

interface Moments {
  count: number;
  readonly raw: ExactSum;
  readonly transformed: ExactSum;
  readonly transformedSquares: ExactSum;
}

export type EncodedFeatureMoments = readonly (readonly [
  number,
  readonly number[],
  readonly number[],
  readonly number[],
])[];

/**
 * Sums of the m features of a set of customers, missing values left out: of the raw values, which people read, and of the transformed ones,
 * on whose scale a few very large customers do not decide what is typical.
 */
export class FeatureMoments {
  readonly #moments: readonly Moments[];

  constructor(features: number) {
    this.#moments = Array.from({ length: features }, () => ({
      count: 0,
      raw: new ExactSum(),
      transformed: new ExactSum(),
      transformedSquares: new ExactSum(),
    }));
  }

  /** Adds the row that starts at `offset` of `raw` and `transformed` [n, m]. */
  add(raw: Float32Array, transformed: Float32Array, offset: number): void {
    for (let index = 0; index < this.#moments.length; index++) {
      const value = raw[offset + index]!;
      if (Number.isNaN(value)) continue;
      const moments = this.#moments[index]!;
      const scaled = transformed[offset + index]!;
      moments.count++;
      moments.raw.add(value);
      moments.transformed.add(scaled);
      moments.transformedSquares.add(scaled * scaled);
    }
  }

  merge(other: FeatureMoments): void {
    this.#moments.forEach((moments, index) => {
      const theirs = other.#moments[index]!;
      moments.count += theirs.count;
      moments.raw.merge(theirs.raw);
      moments.transformed.merge(theirs.transformed);
      moments.transformedSquares.merge(theirs.transformedSquares);
    });
  }

  /** Whether no customer has any of the features. */
  get isEmpty(): boolean {
    return this.#moments.every(({ count }) => count === 0);
  }

  /** Of feature `index`: customers who have it, mean of the raw values, mean and standard deviation of the transformed; NaN where none has it. */
  read(index: number): { count: number; mean: number; transformedMean: number; transformedDeviation: number } {
    const { count, raw, transformed, transformedSquares } = this.#moments[index]!;
    const transformedMean = transformed.value / count;
    const variance = Math.max(0, transformedSquares.value / count - transformedMean ** 2);
    return { count, mean: raw.value / count, transformedMean, transformedDeviation: Math.sqrt(variance) };
  }

  toJSON(): EncodedFeatureMoments {
    return this.#moments.map(({ count, raw, transformed, transformedSquares }) => [
      count,
      raw.toJSON(),
      transformed.toJSON(),
      transformedSquares.toJSON(),
    ]);
  }

  static decode(encoded: EncodedFeatureMoments): FeatureMoments {
    const decoded = new FeatureMoments(encoded.length);
    encoded.forEach(([count, raw, transformed, squares], index) => {
      const moments = decoded.#moments[index]!;
      moments.count = count;
      for (const partial of raw) moments.raw.add(partial);
      for (const partial of transformed) moments.transformed.add(partial);
      for (const partial of squares) moments.transformedSquares.add(partial);
    });
    return decoded;
  }
}
