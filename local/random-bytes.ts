import { createHmac, randomBytes } from 'node:crypto';

/** Makes this many random bytes. */
export type ByteSource = (count: number) => Buffer;

/** Cryptographic randomness; with a seed the same bytes in the same order, for runs that must be alike (HMAC-SHA256 in counter mode). */
export function byteSource(seed: number | undefined): ByteSource {
  if (seed === undefined) return randomBytes;
  let counter = 0;
  return (count) => {
    const blocks: Buffer[] = [];
    for (let bytes = 0; bytes < count; bytes += 32) {
      blocks.push(createHmac('sha256', String(seed)).update(String(counter)).digest());
      counter += 1;
    }
    return Buffer.concat(blocks).subarray(0, count);
  };
}

/** A number from 0 up to, but not including, `below` (at most 2^32), without bias. */
export function randomIndex(bytes: ByteSource, below: number): number {
  const limit = Math.floor(2 ** 32 / below) * below;
  for (;;) {
    const value = bytes(4).readUInt32BE();
    if (value < limit) return value % below;
  }
}
