import { expect, test } from 'vitest';
import { quietDefinition } from '../../infra/quiet.asl.ts';
import { type Answer, lambdaError, scriptedMachine } from '../harness/scripted-machine.ts';

/** The Quiet machine's own definition on the states engine, in virtual time. */

const commitKey = 'imports/ab/etag.id.json';
const commitEvent = { detail: { object: { key: commitKey } } };

function quiet(startRunWhenQuiet: Answer) {
  return scriptedMachine({
    definition: quietDefinition,
    substitutions: { QuietSeconds: '60' },
    functions: { 'start-run-when-quiet': startRunWhenQuiet },
  });
}

test('waits the quiet time and asks once, about the commit that started it', async () => {
  const machine = quiet(() => ({ started: true, reason: 'started', askAgain: false }));
  expect((await machine.run(commitEvent)).status).toBe('SUCCEEDED');
  expect(machine.calls).toEqual([{ functionName: 'start-run-when-quiet', payload: { commitKey }, atMs: 60_000 }]);
});

test('asks again after each quiet time while a run is in progress, about the same commit', async () => {
  const machine = quiet((_, earlierCalls) => ({ started: earlierCalls === 3, reason: '', askAgain: earlierCalls < 3 }));
  expect((await machine.run(commitEvent)).status).toBe('SUCCEEDED');
  expect(machine.calls.map(({ atMs }) => atMs)).toEqual([60_000, 120_000, 180_000, 240_000]);
  expect(machine.calls.every(({ payload }) => payload.commitKey === commitKey)).toBe(true);
});

test('tries a failed question five times more, then fails', async () => {
  const machine = quiet(() => {
    throw lambdaError('TypeError', 'a fault');
  });
  expect(await machine.run(commitEvent)).toMatchObject({ status: 'FAILED', error: 'TypeError' });
  // 2, 4, 8, 16 and 32 s apart with full jitter, of which the test's random source always gives one half.
  expect(machine.calls.map(({ atMs }) => atMs)).toEqual([60_000, 61_000, 63_000, 67_000, 75_000, 91_000]);
});
