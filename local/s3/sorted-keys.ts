/** Order of the UTF-8 bytes, in which S3 lists keys. UTF-16 code units sort alike but for surrogates, which stand for code points above all others. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return surrogateLast(x) - surrogateLast(y);
  }
  return a.length - b.length;
}

function surrogateLast(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

const MAX_BLOCK = 1024;

/**
 * A set of keys in UTF-8 order, in sorted blocks of at most 1,024 keys: an insertion moves one block, whatever the number of keys.
 */
export class SortedKeys {
  #blocks: string[][] = [];

  add(key: string): void {
    const at = this.#blockAt((first) => compareUtf8(first, key) <= 0);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([key]);
      return;
    }
    const index = partitionPoint(block, (other) => compareUtf8(other, key) < 0);
    if (block[index] === key) return;
    block.splice(index, 0, key);
    if (block.length > MAX_BLOCK) this.#blocks.splice(at + 1, 0, block.splice(MAX_BLOCK / 2));
  }

  delete(key: string): void {
    const at = this.#blockAt((first) => compareUtf8(first, key) <= 0);
    const block = this.#blocks[at];
    if (block === undefined) return;
    const index = partitionPoint(block, (other) => compareUtf8(other, key) < 0);
    if (block[index] !== key) return;
    block.splice(index, 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** The first key for which `isBefore` is false; true must come before false in key order. */
  firstNot(isBefore: (key: string) => boolean): string | undefined {
    const at = this.#blockAt(isBefore);
    const block = this.#blocks[at];
    if (block === undefined) return undefined;
    return block[partitionPoint(block, isBefore)] ?? this.#blocks[at + 1]?.[0];
  }

  /** The keys from the first for which `isBefore` is false. The set must not change meanwhile. */
  *from(isBefore: (key: string) => boolean): Generator<string> {
    let at = this.#blockAt(isBefore);
    let index = partitionPoint(this.#blocks[at] ?? [], isBefore);
    for (; at < this.#blocks.length; at++, index = 0) {
      const block = this.#blocks[at]!;
      for (; index < block.length; index++) yield block[index]!;
    }
  }

  /** The last block whose first key is before, or the first block. */
  #blockAt(isBefore: (key: string) => boolean): number {
    return Math.max(0, partitionPoint(this.#blocks, (block) => isBefore(block[0]!)) - 1);
  }
}

/** The index of the first element for which `isBefore` is false. */
function partitionPoint<T>(sorted: readonly T[], isBefore: (element: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(sorted[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
