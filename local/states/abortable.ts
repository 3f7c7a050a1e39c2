import { BranchAborted } from './errors.ts';
import type { Scheduler } from './ports.ts';

/** Settles with `promise`, or rejects with BranchAborted as soon as the signal is aborted. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => undefined); // Its outcome no longer matters: the branch has ended.
    return Promise.reject(new BranchAborted());
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(new BranchAborted());
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Resolves after `delayMs`, or rejects with BranchAborted. */
export function delay(scheduler: Scheduler, delayMs: number, signal: AbortSignal): Promise<void> {
  let cancel = () => {};
  const elapsed = new Promise<void>((resolve) => {
    cancel = scheduler.after(delayMs, resolve);
  });
  return abortable(elapsed, signal).finally(() => cancel());
}

/** A controller that is aborted with its parent signal, and can be aborted alone. `release` ends the link. */
export function linkedController(parent: AbortSignal): { controller: AbortController; release: () => void } {
  const controller = new AbortController();
  const onAbort = () => controller.abort();
  if (parent.aborted) controller.abort();
  else parent.addEventListener('abort', onAbort, { once: true });
  return { controller, release: () => parent.removeEventListener('abort', onAbort) };
}

/**
 * Runs `work(index)` for 0 ≤ index < count, at most `limit` at a time, in order of index. The first failure stops the
 * rest from starting and is thrown when all that started have ended; the aborts that it caused are not failures.
 */
export async function runLimited(count: number, limit: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  async function worker(): Promise<void> {
    while (next < count && failures.length === 0) {
      const index = next;
      next += 1;
      try {
        await work(index);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
  if (failures.length > 0) throw failures.find((failure) => !(failure instanceof BranchAborted)) ?? failures[0];
}
