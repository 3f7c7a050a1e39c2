import type { Catcher, Retrier } from './definition.ts';
import type { StateFailure } from './errors.ts';
import type { RandomSource } from './ports.ts';

/**
 * Whether an entry's ErrorEquals matches a failure. `States.Runtime` is never matched (developer guide: it "always fails
 * the execution"); `States.TaskFailed` matches everything but a timeout; `States.ALL` everything else. A task result above
 * the payload limit is matched by `States.ALL` too: the guide says it is not, recorded executions of the service show it is.
 */
export function matchesError(errorEquals: readonly string[], failure: StateFailure): boolean {
  if (failure.error === 'States.Runtime') return false;
  return errorEquals.some(
    (name) =>
      name === failure.error ||
      name === failure.alias ||
      name === 'States.ALL' ||
      (name === 'States.TaskFailed' && failure.error !== 'States.Timeout'),
  );
}

export function findCatcher(catchers: readonly Catcher[], failure: StateFailure): Catcher | undefined {
  return catchers.find((catcher) => matchesError(catcher.errorEquals, failure));
}

/** Seconds before retry number `attempt` (from 0) of a retrier, before jitter. */
export function retryDelaySeconds(retrier: Retrier, attempt: number): number {
  const delay = retrier.intervalSeconds * retrier.backoffRate ** attempt;
  return Math.min(delay, retrier.maxDelaySeconds ?? Number.POSITIVE_INFINITY);
}

/** Counts the retries of one visit: each retrier has its own attempts. */
export class RetryState {
  readonly #attempts: number[];
  readonly #retriers: readonly Retrier[];
  readonly #random: RandomSource;

  constructor(retriers: readonly Retrier[], random: RandomSource) {
    this.#retriers = retriers;
    this.#attempts = retriers.map(() => 0);
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt; undefined when the failure is not to be retried (any more). */
  nextDelayMs(failure: StateFailure): number | undefined {
    const index = this.#retriers.findIndex((retrier) => matchesError(retrier.errorEquals, failure));
    const retrier = this.#retriers[index];
    const attempt = this.#attempts[index];
    if (!retrier || attempt === undefined || attempt >= retrier.maxAttempts) return undefined;
    this.#attempts[index] = attempt + 1;
    const delayMs = retryDelaySeconds(retrier, attempt) * 1000;
    return retrier.jitter === 'FULL' ? delayMs * this.#random.next() : delayMs;
  }
}
