/**
 * Folds values with `merge` along a balanced binary tree whose shape depends on their number alone: neighbours first, then
 * neighbours of those, an odd last one carried up. Only about log2(count) values are held.
 *
 * Floating-point addition is not associative, but this tree is: folding runs of 2^m values each (the last may be shorter) and
 * then the results gives the same bits as folding all at once. So a shard may send one value for its 2^m blocks.
 */
export class PairwiseFold<T> {
  readonly #merge: (left: T, right: T) => T;
  /** Subtrees of strictly falling height, left to right. */
  readonly #subtrees: { readonly height: number; readonly value: T }[] = [];

  constructor(merge: (left: T, right: T) => T) {
    this.#merge = merge;
  }

  push(value: T): void {
    let subtree = { height: 0, value };
    while (this.#subtrees.at(-1)?.height === subtree.height) {
      const left = this.#subtrees.pop()!;
      subtree = { height: left.height + 1, value: this.#merge(left.value, subtree.value) };
    }
    this.#subtrees.push(subtree);
  }

  /** The fold of all values pushed, or undefined if there were none. */
  result(): T | undefined {
    if (this.#subtrees.length === 0) return undefined;
    return this.#subtrees.map(({ value }) => value).reduceRight((right, left) => this.#merge(left, right));
  }
}
