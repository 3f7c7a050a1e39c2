import { describe, expect, it } from 'vitest';
import { type CrcAlgorithm, combineCrcs, startCrc } from './crc.ts';

const DATA = Buffer.from(Array.from({ length: 37 * 256 }, (_, i) => i % 256));
const SPLIT = 5000;

function crcOf(algorithm: CrcAlgorithm, data: Uint8Array): string {
  const crc = startCrc(algorithm);
  crc.update(data);
  return crc.digest().toString('hex');
}

// "check" is the value for "123456789" that each CRC is catalogued with (CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME);
// the others are from Python: zlib.crc32, and a bit-by-bit CRC for the other two, of DATA and of its two pieces.
const EXPECTED = [
  ['CRC32', 'cbf43926', '97ac7cf5', 'd23996e1', 'fc7873bb'],
  ['CRC32C', 'e3069283', 'e035fa0e', '7a4ab48d', 'a7dc2f01'],
  ['CRC64NVME', 'ae8b14860a799888', '6e52beeacf4f6724', '966bb8af56628f15', '72ec2f3c7bd51e64'],
] as const;

describe.each(EXPECTED)('%s', (algorithm, check, whole, first, second) => {
  it('gives the known values', () => {
    expect(crcOf(algorithm, Buffer.from('123456789'))).toBe(check);
    expect(crcOf(algorithm, DATA)).toBe(whole);
    expect(crcOf(algorithm, DATA.subarray(0, SPLIT))).toBe(first);
  });

  it('gives the same however the data is cut', () => {
    for (const cut of [0, 1, 7, 8, 9, 4095, DATA.length]) {
      const crc = startCrc(algorithm);
      crc.update(DATA.subarray(0, cut));
      crc.update(DATA.subarray(cut));
      expect(crc.digest().toString('hex')).toBe(whole);
    }
  });

  it('is combined from the CRCs of two pieces', () => {
    const combined = combineCrcs(algorithm, Buffer.from(first, 'hex'), Buffer.from(second, 'hex'), DATA.length - SPLIT);
    expect(combined.toString('hex')).toBe(whole);
    expect(combineCrcs(algorithm, Buffer.from(first, 'hex'), Buffer.alloc(first.length / 2), 0).toString('hex')).toBe(
      first,
    );
  });
});
