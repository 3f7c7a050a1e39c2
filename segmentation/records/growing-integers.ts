/** A list of 32-bit integers that grows by doubling: one machine word a value, where an array of numbers takes two or more. */
export class GrowingIntegers {
  #values: Int32Array;
  #length = 0;

  constructor(capacity = 1024) {
    this.#values = new Int32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const wider = new Int32Array(this.#values.length * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.#length++] = value;
  }

  /** The values so far, as a view that the next `push` may leave behind. */
  view(): Int32Array {
    return this.#values.subarray(0, this.#length);
  }
}
