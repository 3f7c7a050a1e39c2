import { createHash } from 'node:crypto';
import jsonata from 'jsonata';
import type { Clock, IdSource, RandomSource } from './ports.ts';

const HASH_ALGORITHMS: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** What JSONata itself throws: a code and a message. */
class ExpressionFunctionError extends Error {
  override readonly name = 'ExpressionFunctionError';
  readonly code: string;
  readonly retryable = false;

  constructor(functionName: string, message: string) {
    super(message);
    this.code = `$${functionName}`;
  }
}

function partition(array: unknown, chunkSize: unknown): unknown {
  if (array === undefined) return undefined;
  if (!Array.isArray(array)) throw new ExpressionFunctionError('partition', 'The first argument must be an array.');
  const size = typeof chunkSize === 'number' ? Math.round(chunkSize) : Number.NaN;
  if (!(size >= 1)) throw new ExpressionFunctionError('partition', 'The chunk size must be a number of at least 1.');
  const chunks: unknown[][] = [];
  for (let start = 0; start < array.length; start += size) chunks.push(array.slice(start, start + size));
  return chunks;
}

function range(first: unknown, last: unknown, step: unknown): unknown {
  if (typeof first !== 'number' || typeof last !== 'number' || typeof step !== 'number') {
    throw new ExpressionFunctionError('range', 'The arguments (first, last, step) must be numbers.');
  }
  if (step === 0) throw new ExpressionFunctionError('range', 'The step must not be 0.');
  const count = Math.max(0, Math.floor((last - first) / step) + 1);
  if (count > 1_000_000) throw new ExpressionFunctionError('range', `At most 1000000 numbers, not ${count}.`);
  const numbers = Array.from({ length: count }, (_, index) => first + index * step);
  // Recorded from the service: a range of one number is that number, as with every JSONata sequence.
  return numbers.length === 1 ? numbers[0] : numbers;
}

function hash(content: unknown, algorithm: unknown): unknown {
  if (content === undefined) return undefined;
  if (typeof content !== 'string') throw new ExpressionFunctionError('hash', 'The first argument must be a string.');
  const name = typeof algorithm === 'string' ? HASH_ALGORITHMS[algorithm] : undefined;
  if (name === undefined) {
    throw new ExpressionFunctionError(
      'hash',
      `The algorithm must be one of ${Object.keys(HASH_ALGORITHMS).join(', ')}.`,
    );
  }
  return createHash(name).update(content, 'utf8').digest('hex');
}

function parse(text: unknown): unknown {
  if (text === undefined) return undefined;
  if (typeof text !== 'string') throw new ExpressionFunctionError('parse', 'The argument must be a string.');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw Object.assign(new ExpressionFunctionError('parse', 'The argument is not a JSON text.'), { cause });
  }
}

/** A number in [0, 1) that depends on the seed only: the first 53 bits of its SHA-256. */
function seededRandom(seed: number): number {
  const digest = createHash('sha256').update(String(seed)).digest();
  return Number(digest.readBigUInt64BE(0) >> 11n) / 2 ** 53;
}

export interface ExpressionSources {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly random: RandomSource;
}

/**
 * The functions that Step Functions adds to JSONata (developer guide, "Transforming data with JSONata"), and those of
 * JSONata that read the time or a random source, bound to the engine's own sources.
 */
export function expressionFunctions(
  sources: ExpressionSources,
): Readonly<Record<string, (...args: unknown[]) => unknown>> {
  const format = jsonata('$fromMillis($millis, $picture, $timezone)');
  return {
    partition,
    range,
    hash,
    parse,
    uuid: () => sources.ids.uuid(),
    random: (seed) => {
      if (seed === undefined) return sources.random.next();
      if (typeof seed !== 'number') throw new ExpressionFunctionError('random', 'The seed must be a number.');
      return seededRandom(seed);
    },
    millis: () => sources.clock.nowMs(),
    now: (picture, timezone) => format.evaluate(undefined, { millis: sources.clock.nowMs(), picture, timezone }),
  };
}
