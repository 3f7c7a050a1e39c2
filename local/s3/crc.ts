import { crc32 } from 'node:zlib';

/**
 * The reflected CRCs of S3: each starts from all ones and is inverted at the end.
 * Source: RFC 3720 (CRC-32C, Castagnoli), NVM Express NVM Command Set 1.0, section 5.2.1.3.4 (CRC-64/NVME); polynomials are bit-reflected.
 */
export type CrcAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME';

const POLYNOMIAL: Readonly<Record<CrcAlgorithm, { readonly reflected: bigint; readonly bits: 32 | 64 }>> = {
  CRC32: { reflected: 0xedb88320n, bits: 32 },
  CRC32C: { reflected: 0x82f63b78n, bits: 32 },
  CRC64NVME: { reflected: 0x9a6c9329ac4bc9b5n, bits: 64 },
};

/** A CRC that takes its data piece by piece; `digest` is big-endian, 4 or 8 bytes. */
export interface RunningCrc {
  update(chunk: Uint8Array): void;
  digest(): Buffer;
}

export function startCrc(algorithm: CrcAlgorithm): RunningCrc {
  if (algorithm === 'CRC32') return startCrc32();
  return algorithm === 'CRC32C' ? startCrc32c() : startCrc64();
}

function startCrc32(): RunningCrc {
  let crc = 0;
  return {
    update: (chunk) => {
      crc = crc32(chunk, crc);
    },
    digest: () => bigEndian(BigInt(crc), 32),
  };
}

/**
 * tables[t][byte] = the CRC of that byte followed by t zero bytes ("slicing by 8": Kounavis and Berry, 2005), in halves of 32 bits.
 * low, high: 8 x 256 each.
 */
interface SlicingTables {
  readonly low: readonly Uint32Array[];
  readonly high: readonly Uint32Array[];
}

const tablesOf = new Map<CrcAlgorithm, SlicingTables>();

function slicingTables(algorithm: CrcAlgorithm): SlicingTables {
  const known = tablesOf.get(algorithm);
  if (known !== undefined) return known;
  const { reflected } = POLYNOMIAL[algorithm];
  const low = Array.from({ length: 8 }, () => new Uint32Array(256));
  const high = Array.from({ length: 8 }, () => new Uint32Array(256));
  const first: bigint[] = [];
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ reflected : crc >> 1n;
    first.push(crc);
  }
  for (let byte = 0; byte < 256; byte++) {
    let crc = first[byte]!;
    for (let table = 0; table < 8; table++) {
      low[table]![byte] = Number(crc & 0xffffffffn);
      high[table]![byte] = Number(crc >> 32n);
      crc = first[Number(crc & 0xffn)]! ^ (crc >> 8n);
    }
  }
  const tables = { low, high };
  tablesOf.set(algorithm, tables);
  return tables;
}

function startCrc32c(): RunningCrc {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = slicingTables('CRC32C').low as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crc = 0xffffffff;
  return {
    update: (b) => {
      let c = crc;
      let i = 0;
      for (const end = b.length - 7; i < end; i += 8) {
        c ^= b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24);
        c =
          t7[c & 255]! ^
          t6[(c >>> 8) & 255]! ^
          t5[(c >>> 16) & 255]! ^
          t4[c >>> 24]! ^
          t3[b[i + 4]!]! ^
          t2[b[i + 5]!]! ^
          t1[b[i + 6]!]! ^
          t0[b[i + 7]!]!;
      }
      for (; i < b.length; i++) c = t0[(c ^ b[i]!) & 255]! ^ (c >>> 8);
      crc = c;
    },
    digest: () => bigEndian(BigInt(~crc >>> 0), 32),
  };
}

function startCrc64(): RunningCrc {
  const { low, high } = slicingTables('CRC64NVME');
  const [l0, l1, l2, l3, l4, l5, l6, l7] = low as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const [h0, h1, h2, h3, h4, h5, h6, h7] = high as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crcLow = 0xffffffff;
  let crcHigh = 0xffffffff;
  return {
    update: (b) => {
      let lo = crcLow;
      let hi = crcHigh;
      let i = 0;
      for (const end = b.length - 7; i < end; i += 8) {
        lo ^= b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24);
        hi ^= b[i + 4]! | (b[i + 5]! << 8) | (b[i + 6]! << 16) | (b[i + 7]! << 24);
        const a0 = lo & 255;
        const a1 = (lo >>> 8) & 255;
        const a2 = (lo >>> 16) & 255;
        const a3 = lo >>> 24;
        const a4 = hi & 255;
        const a5 = (hi >>> 8) & 255;
        const a6 = (hi >>> 16) & 255;
        const a7 = hi >>> 24;
        lo = l7[a0]! ^ l6[a1]! ^ l5[a2]! ^ l4[a3]! ^ l3[a4]! ^ l2[a5]! ^ l1[a6]! ^ l0[a7]!;
        hi = h7[a0]! ^ h6[a1]! ^ h5[a2]! ^ h4[a3]! ^ h3[a4]! ^ h2[a5]! ^ h1[a6]! ^ h0[a7]!;
      }
      for (; i < b.length; i++) {
        const index = (lo ^ b[i]!) & 255;
        lo = l0[index]! ^ ((lo >>> 8) | (hi << 24));
        hi = h0[index]! ^ (hi >>> 8);
      }
      crcLow = lo;
      crcHigh = hi;
    },
    digest: () => bigEndian((BigInt(~crcHigh >>> 0) << 32n) | BigInt(~crcLow >>> 0), 64),
  };
}

function bigEndian(value: bigint, bits: 32 | 64): Buffer {
  return Buffer.from(value.toString(16).padStart(bits / 4, '0'), 'hex');
}

/**
 * The CRC of A followed by B from their own CRCs: crc(A) times x^(8 |B|), modulo the polynomial, plus crc(B)
 * (the method of zlib's crc32_combine: M. Adler).
 * @param secondLength bytes of B
 */
export function combineCrcs(
  algorithm: CrcAlgorithm,
  first: Uint8Array,
  second: Uint8Array,
  secondLength: number,
): Buffer {
  const { reflected, bits } = POLYNOMIAL[algorithm];
  const width = BigInt(bits);
  const multiply = (a: bigint, b: bigint): bigint => {
    let product = 0n;
    let shifted = b;
    for (let bit = 1n << (width - 1n); bit > 0n; bit >>= 1n) {
      if ((a & bit) !== 0n) product ^= shifted;
      shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ reflected : shifted >> 1n;
    }
    return product;
  };
  let power = 1n << (width - 2n); // x^1; the top bit is x^0
  let shift = 1n << (width - 1n);
  for (let exponent = BigInt(secondLength) * 8n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) shift = multiply(shift, power);
    power = multiply(power, power);
  }
  const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return bigEndian(multiply(shift, number(first)) ^ number(second), bits);
}
