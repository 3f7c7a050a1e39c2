import { createHmac, createSecretKey } from 'node:crypto';

export const minKeyBytes = 32;

/** The key or the namespace that pseudonyms were to be made with cannot be used. */
export class InvalidPseudonymInputError extends Error {
  override readonly name = 'InvalidPseudonymInputError';
  readonly code = 'INVALID_PSEUDONYM_INPUT';
  readonly retryable = false;
}

/** What was given as a pseudonym is none: 32 lower-case hexadecimal digits are needed. The value itself is not repeated. */
export class InvalidPseudonymError extends Error {
  override readonly name = 'InvalidPseudonymError';
  readonly code = 'INVALID_PSEUDONYM';
  readonly retryable = false;
}

/** From a namespace (such as `customer`) and a raw id to 32 hexadecimal digits. */
export type Pseudonymizer = (namespace: string, rawId: string) => string;

/**
 * Pseudonyms are the first 128 bits of HMAC-SHA256 (RFC 2104) over the namespace, a NUL byte and the id, trimmed and
 * composed (NFC), in UTF-8. Without the key nobody can tell, even by trying all ids, whose pseudonym it is; with it the same
 * id has the same pseudonym for ever. Answers are remembered for the life of the function.
 * @param key at least {@link minKeyBytes} bytes.
 * @throws InvalidPseudonymInputError for a short key, or a namespace that is empty or holds a NUL.
 */
export function createPseudonymizer(key: Uint8Array): Pseudonymizer {
  if (key.length < minKeyBytes) {
    throw new InvalidPseudonymInputError(
      `The pseudonym key has ${key.length} bytes; at least ${minKeyBytes} random bytes are needed. Store a longer one.`,
    );
  }
  // From bytes, every call would import the key anew: 30 µs instead of 5 µs an id.
  const secret = createSecretKey(key);
  const known = new Map<string, Map<string, string>>();
  return (namespace, rawId) => {
    let pseudonyms = known.get(namespace);
    if (!pseudonyms) {
      if (namespace === '' || namespace.includes('\0')) {
        throw new InvalidPseudonymInputError('A pseudonym namespace must be a name without NUL, such as "customer".');
      }
      pseudonyms = new Map();
      known.set(namespace, pseudonyms);
    }
    let pseudonym = pseudonyms.get(rawId);
    if (pseudonym === undefined) {
      const message = `${namespace}\0${rawId.trim().normalize('NFC')}`;
      pseudonym = createHmac('sha256', secret).update(message, 'utf8').digest('hex').slice(0, 32);
      pseudonyms.set(rawId, pseudonym);
    }
    return pseudonym;
  };
}

/**
 * The partition of a pseudonym, in [0, partitions): the leading 32 bits, cut into equal ranges. Keeps the order: a customer of a
 * lower partition has a lower pseudonym than one of a higher partition.
 * @throws InvalidPseudonymError where it does not start with eight hexadecimal digits.
 */
export function partitionOf(pseudonym: string, partitions: number): number {
  const leading = /^[0-9a-f]{8}/.test(pseudonym) ? Number.parseInt(pseudonym.slice(0, 8), 16) : Number.NaN;
  if (Number.isNaN(leading)) {
    throw new InvalidPseudonymError(
      'A customer has no pseudonym of 32 hexadecimal digits; make it with createPseudonymizer.',
    );
  }
  return Math.floor((leading * partitions) / 0x1_0000_0000);
}
