import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPseudonymizer, InvalidPseudonymError, InvalidPseudonymInputError, partitionOf } from './pseudonyms.ts';

const key = Uint8Array.from({ length: 32 }, (_, index) => index);

describe('createPseudonymizer', () => {
  // Expected: Python hmac.new(bytes(range(32)), (namespace + "\0" + id).encode(), hashlib.sha256).hexdigest()[:32].
  it.each([
    ['customer', '17850', '7822318a5ea54c60051c3d6be4e051e2'],
    ['customer', '用户-7', '8e6c40bec2c189aefb85fa13e0a37719'],
    ['email', 'a@b.co', '9da5364415635937c31137d2d8ac1dd4'],
  ])('%s %s', (namespace, id, pseudonym) => {
    const pseudonymize = createPseudonymizer(key);
    expect(pseudonymize(namespace, id)).toBe(pseudonym);
    expect(pseudonymize(namespace, id)).toBe(pseudonym);
  });

  it('is the same for ids that only spaces and composition tell apart', () => {
    const pseudonymize = createPseudonymizer(key);
    expect(pseudonymize('customer', ' 17850\n')).toBe('7822318a5ea54c60051c3d6be4e051e2');
    expect(pseudonymize('customer', 'cafe\u0301')).toBe(pseudonymize('customer', 'caf\u00e9'));
  });

  it('keeps its own copy of the key', () => {
    const own = key.slice();
    const pseudonymize = createPseudonymizer(own);
    own.fill(0);
    expect(pseudonymize('customer', '17850')).toBe('7822318a5ea54c60051c3d6be4e051e2');
  });

  it('refuses short keys and ambiguous namespaces', () => {
    expect(() => createPseudonymizer(new Uint8Array(31))).toThrow(InvalidPseudonymInputError);
    expect(() => createPseudonymizer(key)('a\0b', 'c')).toThrow(InvalidPseudonymInputError);
    expect(() => createPseudonymizer(key)('', 'c')).toThrow(InvalidPseudonymInputError);
  });
});

describe('partitionOf', () => {
  it('cuts the leading 32 bits into equal ranges', () => {
    expect(partitionOf(`00000000${'f'.repeat(24)}`, 4)).toBe(0);
    expect(partitionOf(`3fffffff${'f'.repeat(24)}`, 4)).toBe(0);
    expect(partitionOf(`40000000${'0'.repeat(24)}`, 4)).toBe(1);
    expect(partitionOf('f'.repeat(32), 4)).toBe(3);
    expect(partitionOf('f'.repeat(32), 7)).toBe(6);
  });

  it('keeps the order of pseudonyms', () => {
    const digest = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(digest, digest, fc.integer({ min: 1, max: 1000 }), (a, b, partitions) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(partitionOf(low, partitions)).toBeLessThanOrEqual(partitionOf(high, partitions));
        expect(partitionOf(high, partitions)).toBeLessThan(partitions);
      }),
      { seed: 2 },
    );
  });

  it('refuses what is no pseudonym', () => {
    expect(() => partitionOf('17850', 4)).toThrow(InvalidPseudonymError);
  });
});
