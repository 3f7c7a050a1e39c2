import { expect, test } from 'vitest';
import { Throttle } from './throttle.ts';

/** Token bucket as in "Throttle requests to your HTTP APIs": a rate and a burst. */

let nowMs = 0;
const admitted = (throttle: Throttle, requests: number) =>
  Array.from({ length: requests }, () => throttle.admit()).filter((isAdmitted) => isAdmitted).length;

test('a burst is let through up to its limit, then as many a second as the rate says', () => {
  const throttle = new Throttle(10, 20, () => nowMs);
  expect(admitted(throttle, 100)).toBe(20);
  nowMs += 1000;
  expect(admitted(throttle, 100)).toBe(10);
  nowMs += 50;
  expect(admitted(throttle, 100)).toBe(0);
  nowMs += 50;
  expect(admitted(throttle, 100)).toBe(1);
});

test('what is not used is kept up to the burst and no further', () => {
  const throttle = new Throttle(10, 20, () => nowMs);
  admitted(throttle, 20);
  nowMs += 3_600_000;
  expect(admitted(throttle, 100)).toBe(20);
});

test('a clock that goes back gives nothing', () => {
  const throttle = new Throttle(10, 1, () => nowMs);
  admitted(throttle, 1);
  nowMs -= 5000;
  expect(admitted(throttle, 1)).toBe(0);
});
