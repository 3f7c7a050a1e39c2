import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemScheduler } from './system-sources.ts';

const YEAR_MS = 365 * 24 * 3600 * 1000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('waits longer than the timers of Node can', () => {
  let fired = 0;
  systemScheduler.after(YEAR_MS, () => {
    fired += 1;
  });
  vi.advanceTimersByTime(YEAR_MS - 1);
  expect(fired).toBe(0);
  vi.advanceTimersByTime(1);
  expect(fired).toBe(1);
});

it('does not fire once cancelled, however long it waited', () => {
  let fired = 0;
  const cancel = systemScheduler.after(YEAR_MS, () => {
    fired += 1;
  });
  vi.advanceTimersByTime(YEAR_MS / 2);
  cancel();
  vi.advanceTimersByTime(YEAR_MS);
  expect(fired).toBe(0);
});
