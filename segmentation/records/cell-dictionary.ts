/** Start value and multiplier of the 32-bit FNV-1a hash (draft-eastlake-fnv, section 5). */
export const fnvOffset = 0x811c9dc5 | 0;
export const fnvPrime = 0x01000193;

/** FNV-1a of `bytes[start, end)`, as a signed 32-bit integer. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = fnvOffset;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, fnvPrime);
  return hash;
}

/**
 * The distinct cells of one column, each with a code in the order of first appearance. Cells are kept and compared as
 * bytes, so that a value which stands on a hundred thousand lines is decoded and parsed once.
 */
export class CellDictionary {
  #pool = Buffer.allocUnsafe(4096);
  #poolLength = 0;
  /** End of each cell in the pool; a cell starts where the one before it ends. */
  #ends = new Int32Array(64);
  #hashes = new Int32Array(64);
  /** Open addressing with linear probing: code + 1, or 0 where free. At most half full. */
  #slots = new Int32Array(128);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The code of the cell `bytes[start, end)`; `hash` is {@link hashBytes} of it, which a scanner has at hand. */
  intern(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const code = this.#slots[slot]! - 1;
      if (code < 0) return this.#add(bytes, start, end, hash, slot);
      if (this.#hashes[code] === hash && this.#equals(code, bytes, start, end)) return code;
      slot = (slot + 1) & mask;
    }
  }

  /** The bytes of a cell, as a view. */
  bytes(code: number): Buffer {
    return this.#pool.subarray(this.#start(code), this.#ends[code]);
  }

  /** All cells in one piece, in the order of their codes, as a view. */
  allBytes(): Buffer {
    return this.#pool.subarray(0, this.#poolLength);
  }

  /** Every cell as a string, by code. The caller has checked that the bytes are in that encoding. */
  strings(decode: (bytes: Buffer, start: number, end: number) => string): string[] {
    const strings = new Array<string>(this.#size);
    for (let code = 0; code < this.#size; code++) {
      strings[code] = decode(this.#pool, this.#start(code), this.#ends[code]!);
    }
    return strings;
  }

  #start(code: number): number {
    return code === 0 ? 0 : this.#ends[code - 1]!;
  }

  #equals(code: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#start(code);
    if (this.#ends[code]! - from !== end - start) return false;
    const shift = from - start;
    const pool = this.#pool;
    for (let at = start; at < end; at++) if (pool[at + shift] !== bytes[at]) return false;
    return true;
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const code = this.#size++;
    this.#slots[slot] = code + 1;
    if (code === this.#ends.length) {
      this.#ends = widened(this.#ends);
      this.#hashes = widened(this.#hashes);
    }
    const poolLength = this.#poolLength + end - start;
    if (poolLength > this.#pool.length) {
      const wider = Buffer.allocUnsafe(Math.max(poolLength, this.#pool.length * 2));
      this.#pool.copy(wider, 0, 0, this.#poolLength);
      this.#pool = wider;
    }
    this.#pool.set(bytes.subarray(start, end), this.#poolLength);
    this.#poolLength = poolLength;
    this.#ends[code] = poolLength;
    this.#hashes[code] = hash;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return code;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let code = 0; code < this.#size; code++) {
      const hash = this.#hashes[code]!;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code + 1;
    }
    this.#slots = slots;
  }
}

function widened(values: Int32Array): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(values.length * 2);
  wider.set(values);
  return wider;
}
