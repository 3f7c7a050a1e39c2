import { createHash } from 'node:crypto';
import { type CrcAlgorithm, combineCrcs, startCrc } from './crc.ts';
import { S3Error } from './errors.ts';

/** The checksum algorithms of S3 ("Checking object integrity", S3 User Guide). Values travel as base64 of the big-endian digest. */
export type ChecksumAlgorithm = CrcAlgorithm | 'SHA1' | 'SHA256';

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

/** What S3 computes when the client names none (since December 2024). */
export const DEFAULT_CHECKSUM: ChecksumAlgorithm = 'CRC64NVME';

export const CHECKSUM_ALGORITHMS = Object.keys(DIGEST_BYTES) as readonly ChecksumAlgorithm[];

/** Of a multipart object, COMPOSITE is the checksum of its parts' checksums; FULL_OBJECT is that of its bytes. */
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Base64; a composite one ends in `-<number of parts>`. */
  readonly value: string;
}

/** What a client said its content would be: checked once all of it has been read. */
export interface ExpectedContent {
  readonly sizeBytes?: number;
  readonly md5Base64?: string;
  readonly sha256Hex?: string;
  /** In the algorithm sent. */
  readonly checksumBase64?: string;
}

export interface ContentDigests {
  readonly sizeBytes: number;
  readonly md5Hex: string;
  /** In the algorithm kept. */
  readonly checksumBase64: string;
}

/** What must be computed to check content against what its client will have promised. */
export interface PromisedDigests {
  /** Of the checksum that the client sends. */
  readonly sentAlgorithm: ChecksumAlgorithm | undefined;
  /** Whether the payload's SHA-256 was signed. */
  readonly sha256Signed: boolean;
}

/** Digests content as it streams by. */
export class DigestingContent {
  readonly #md5 = createHash('md5');
  readonly #kept: RunningDigest;
  readonly #sent: RunningDigest | undefined;
  readonly #sentAlgorithm: ChecksumAlgorithm | undefined;
  readonly #sha256: RunningDigest | undefined;
  readonly #running: readonly RunningDigest[];
  #sizeBytes = 0;

  /** @param keptAlgorithm of the checksum that stays with the object */
  constructor(keptAlgorithm: ChecksumAlgorithm, { sentAlgorithm, sha256Signed }: PromisedDigests) {
    this.#kept = startChecksum(keptAlgorithm);
    this.#sentAlgorithm = sentAlgorithm;
    this.#sent =
      sentAlgorithm === undefined || sentAlgorithm === keptAlgorithm ? undefined : startChecksum(sentAlgorithm);
    this.#sha256 = sha256Signed ? createHash('sha256') : undefined;
    this.#running = [this.#md5, this.#kept, this.#sent, this.#sha256].filter((digest) => digest !== undefined);
  }

  async *passing(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#sizeBytes += chunk.length;
      for (const digest of this.#running) digest.update(chunk);
      yield chunk;
    }
  }

  /**
   * To be called once, after the last chunk.
   * @throws S3Error when the content is not what was expected
   */
  finish(expected: ExpectedContent): ContentDigests {
    const md5 = this.#md5.digest();
    const checksumBase64 = this.#kept.digest().toString('base64');
    const sentBase64 = this.#sent?.digest().toString('base64') ?? checksumBase64;
    const { sizeBytes, md5Base64, sha256Hex } = expected;
    if (sizeBytes !== undefined && sizeBytes !== this.#sizeBytes) {
      throw new S3Error(
        'IncompleteBody',
        'You did not provide the number of bytes specified by the Content-Length HTTP header',
        {
          details: { ExpectedBytes: sizeBytes, ReceivedBytes: this.#sizeBytes },
        },
      );
    }
    if (md5Base64 !== undefined && md5Base64 !== md5.toString('base64')) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', {
        details: { ExpectedDigest: md5Base64, CalculatedDigest: md5.toString('base64') },
      });
    }
    if (expected.checksumBase64 !== undefined && expected.checksumBase64 !== sentBase64) {
      throw new S3Error('BadDigest', `The ${this.#sentAlgorithm} you specified did not match the calculated checksum.`);
    }
    const sha256 = this.#sha256?.digest().toString('hex');
    if (sha256Hex !== undefined && sha256Hex !== sha256) {
      throw new S3Error(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        {
          details: { ClientComputedContentSHA256: sha256Hex, S3ComputedContentSHA256: sha256 ?? '' },
        },
      );
    }
    return { sizeBytes: this.#sizeBytes, md5Hex: md5.toString('hex'), checksumBase64 };
  }
}

interface RunningDigest {
  update(chunk: Uint8Array): unknown;
  digest(): Buffer;
}

function startChecksum(algorithm: ChecksumAlgorithm): RunningDigest {
  return algorithm === 'SHA1' || algorithm === 'SHA256' ? createHash(algorithm.toLowerCase()) : startCrc(algorithm);
}

/** The name of the header, or trailer, that carries a checksum. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The algorithm of a checksum header's name, or undefined when it is none. */
export function algorithmOfHeader(name: string): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find((algorithm) => checksumHeader(algorithm) === name.toLowerCase());
}

/** @throws S3Error InvalidRequest when the text is not the base64 of a digest of that length */
export function checkedDigest(algorithm: ChecksumAlgorithm, base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length !== DIGEST_BYTES[algorithm] || bytes.toString('base64') !== base64) {
    throw new S3Error('InvalidRequest', `Value for ${checksumHeader(algorithm)} header is invalid.`);
  }
  return base64;
}

export function isCrc(algorithm: ChecksumAlgorithm): algorithm is CrcAlgorithm {
  return algorithm === 'CRC32' || algorithm === 'CRC32C' || algorithm === 'CRC64NVME';
}

interface PartChecksum {
  readonly sizeBytes: number;
  readonly checksumBase64: string;
}

/** The checksum of an object of one or more parts. FULL_OBJECT needs a CRC, whose parts can be combined. */
export function checksumOfParts(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly PartChecksum[],
): Checksum {
  const digests: Buffer[] = parts.map((part) => Buffer.from(part.checksumBase64, 'base64'));
  if (type === 'FULL_OBJECT' && isCrc(algorithm)) {
    const whole = digests.reduce((before, digest, i) => combineCrcs(algorithm, before, digest, parts[i]!.sizeBytes));
    return { algorithm, type, value: whole.toString('base64') };
  }
  const composite = startChecksum(algorithm);
  composite.update(Buffer.concat(digests));
  return { algorithm, type: 'COMPOSITE', value: `${composite.digest().toString('base64')}-${parts.length}` };
}
