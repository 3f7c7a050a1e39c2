/**
 * A sum of float64 numbers without rounding error, so that any order and any split of the same terms gives the same bits.
 * The state is a list of non-overlapping partial sums; `value` rounds them once. Terms must be finite.
 * Source: J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates" (1997),
 * Grow-Expansion (section 2.4); the final rounding to even follows Python's math.fsum.
 */
export class ExactSum {
  readonly #partials: number[];

  constructor(partials: readonly number[] = []) {
    this.#partials = [...partials];
  }

  add(term: number): void {
    const partials = this.#partials;
    let carried = term;
    let kept = 0;
    for (let index = 0; index < partials.length; index++) {
      const partial = partials[index]!;
      const sum = carried + partial;
      const virtual = sum - carried;
      const error = carried - (sum - virtual) + (partial - virtual);
      if (error !== 0) partials[kept++] = error;
      carried = sum;
    }
    partials[kept] = carried;
    partials.length = kept + 1;
  }

  merge(other: ExactSum): void {
    for (const partial of other.#partials) this.add(partial);
  }

  get value(): number {
    const partials = this.#partials;
    let index = partials.length - 1;
    if (index < 0) return 0;
    let high = partials[index--]!;
    let low = 0;
    while (index >= 0) {
      const previous = high;
      const partial = partials[index--]!;
      high = previous + partial;
      low = partial - (high - previous);
      if (low !== 0) break;
    }
    const next = partials[index] ?? 0;
    if ((low < 0 && next < 0) || (low > 0 && next > 0)) {
      const doubled = low * 2;
      const rounded = high + doubled;
      if (doubled === rounded - high) return rounded;
    }
    return high;
  }

  /** The partial sums; `new ExactSum(sum.toJSON())` goes on where this one stands. */
  toJSON(): number[] {
    return [...this.#partials];
  }
}
