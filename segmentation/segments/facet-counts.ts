/** A whole customer's attention, cut into integers so that sums do not depend on their order. */
export const wholeCustomer = 1_000_000_000;

/** What a slot counts: customers, lines, and attention in parts of {@link wholeCustomer}. */
export const facetColumns = 3;

/**
 * Counts of the facets of items (the items themselves, their categories, the words of their titles) per segment. Every facet has, for each slot,
 * the customers who chose it, the lines in which they did and their attention: each customer gives one in all, in equal parts to
 * their lines, so that a wholesaler's thousand lines weigh no more than another's three.
 */
export class FacetCounts {
  readonly #slots: number;
  readonly #counts: Map<string, Float64Array>;

  constructor(slots: number, entries: Iterable<readonly [facet: string, counts: Iterable<number>]> = []) {
    this.#slots = slots;
    this.#counts = new Map();
    for (const [facet, counts] of entries) this.#counts.set(facet, Float64Array.from(counts));
  }

  /** The counts of a facet, [slots, facetColumns], to be written to. */
  of(facet: string): Float64Array {
    let counts = this.#counts.get(facet);
    if (counts === undefined) {
      counts = new Float64Array(this.#slots * facetColumns);
      this.#counts.set(facet, counts);
    }
    return counts;
  }

  merge(other: FacetCounts): void {
    for (const [facet, theirs] of other.#counts) {
      const counts = this.of(facet);
      for (let index = 0; index < counts.length; index++) counts[index]! += theirs[index]!;
    }
  }

  /** Facets in alphabetical order with their counts. */
  entries(): [facet: string, counts: Float64Array][] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  toJSON(): [facet: string, counts: number[]][] {
    return this.entries().map(([facet, counts]) => [facet, [...counts]]);
  }
}
