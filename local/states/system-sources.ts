import { randomUUID } from 'node:crypto';
import type { Clock, IdSource, RandomSource, Scheduler } from './ports.ts';

/** Longest delay of Node's own timers, in milliseconds: a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = { nowMs: () => Date.now() };
export const systemIds: IdSource = { uuid: () => randomUUID() };
export const systemRandom: RandomSource = { next: () => Math.random() };

/** Timers of the process, of any length: a machine may time out after years. */
export const systemScheduler: Scheduler = {
  after(delayMs, action) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, MAX_TIMER_MS);
      timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : action()), stepMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
