/**
 * A seeded generator: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021),
 * its state filled from the seed by splitmix32. The same seed gives the same numbers on every machine. Not for secrets.
 */
export class Random {
  readonly #state: Uint32Array;
  #spareNormal: number | undefined;

  /** @param seed a whole number from 0 up to 2^53 - 1 */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`seed ${seed} is not allowed: give a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
    }
    this.#state = new Uint32Array(4);
    let mixed = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85ebca6b);
    for (let word = 0; word < 4; word += 1) {
      mixed = (mixed + 0x9e3779b9) | 0;
      let z = mixed;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.#state[word] = z ^ (z >>> 15);
    }
  }

  /** A generator with exactly this state of four 32-bit words, not all zero. */
  static ofState(state: readonly [number, number, number, number]): Random {
    const random = new Random(0);
    random.#state.set(state);
    return random;
  }

  /** What `ofState` goes on from; a spare number of `normal` is not part of it. */
  get state(): [number, number, number, number] {
    const [a, b, c, d] = this.#state as unknown as [number, number, number, number];
    return [a, b, c, d];
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const s = this.#state;
    const [a, b, c, d] = [s[0]!, s[1]!, s[2]!, s[3]!];
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const c2 = c ^ a;
    const d2 = d ^ b;
    s[1] = b ^ c2;
    s[0] = a ^ d2;
    s[2] = c2 ^ (b << 9);
    s[3] = rotateLeft(d2, 11);
    return result;
  }

  /** A number in [0, 1) with 53 random bits. */
  float(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** A whole number from 0 to `bound` - 1, each as likely as the others; `bound` from 1 to 2^32. */
  int(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`bound ${bound} is not allowed: give a whole number from 1 to 2^32`);
    }
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let drawn = this.uint32();
    while (drawn >= limit) drawn = this.uint32();
    return drawn % bound;
  }

  /** A number of the standard normal distribution (Box and Muller 1958, made in pairs). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    const angle = 2 * Math.PI * this.float();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Puts the elements in random order, in place (Fisher and Yates), and answers the same array. */
  shuffle<A extends { length: number; [index: number]: unknown }>(array: A): A {
    for (let last = array.length - 1; last > 0; last -= 1) {
      const other = this.int(last + 1);
      const moved = array[last];
      array[last] = array[other];
      array[other] = moved;
    }
    return array;
  }

  /** The numbers 0..n-1 in random order. */
  permutation(n: number): Uint32Array {
    return this.shuffle(Uint32Array.from({ length: n }, (_, index) => index));
  }

  /** `count` different numbers of 0..n-1, every choice as likely (Floyd; Bentley and Floyd 1987), in ascending order. */
  sample(n: number, count: number): Uint32Array {
    if (!Number.isInteger(count) || count < 0 || count > n) {
      throw new RangeError(`cannot choose ${count} of ${n}: the count must be a whole number from 0 to ${n}`);
    }
    const chosen = new Set<number>();
    for (let last = n - count; last < n; last += 1) {
      const drawn = this.int(last + 1);
      chosen.add(chosen.has(drawn) ? last : drawn);
    }
    return Uint32Array.from(chosen).sort();
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
