import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { StorageUnavailableError } from '../../storage/errors.ts';
import { stateFunction } from './state-function.ts';

let logged: string[];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => logged.push(line));
  vi.stubEnv('BUCKET_NAME', 'data');
  vi.stubEnv('REGISTRY_TABLE', 'Registry');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const input = z.object({ runId: z.string(), partition: z.int().optional(), customerId: z.string().optional() });
type Input = z.infer<typeof input>;

function state(step: (given: Input) => Promise<unknown>, createDeps: () => object = () => ({})) {
  const handler = stateFunction({ name: 'open-run', input, createDeps, step });
  return (event: unknown) => handler(event, {} as Context);
}

describe('a state', () => {
  test('answers what its step answers, from an event of the right shape', async () => {
    const call = state(async ({ runId }) => ({ runId, rows: 3 }));
    expect(await call({ runId: 'run-000001', more: 1 })).toEqual({ runId: 'run-000001', rows: 3 });
  });

  test('refuses another event by its fields, without repeating a value', async () => {
    const refused = state(async () => ({}));
    const error = await Promise.resolve(refused({ runId: 7, customerId: ['greta@example.com'] })).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ name: 'InvalidInputError', code: 'INVALID_INPUT', retryable: false });
    expect((error as Error).message).toBe(
      'open-run cannot take this event: runId: invalid_type; customerId: invalid_type',
    );
  });

  test('says so where the event is no object', async () => {
    const refused = state(async () => ({}));
    await expect(refused('nonsense')).rejects.toThrow('open-run cannot take this event: (the event): invalid_type');
  });

  test("throws its step's own error, by whose name the state machine tries again", async () => {
    const error = new StorageUnavailableError('slow down');
    await expect(state(() => Promise.reject(error))({ runId: 'r' })).rejects.toBe(error);
  });

  test('makes its dependencies once, and again where making them failed', async () => {
    let made = 0;
    const call = state(
      async () => ({}),
      () => {
        made += 1;
        return made === 1 ? (Promise.reject(new Error('no secret')) as never) : {};
      },
    );
    await expect(call({ runId: 'r' })).rejects.toThrow('no secret');
    await call({ runId: 'r' });
    await call({ runId: 'r' });
    expect(made).toBe(2);
  });
});

describe('the log', () => {
  test('has one line per call: function, run, partition, rows, time, outcome', async () => {
    await state(async () => ({ rows: 12 }))({ runId: 'run-000001', partition: 3, customerId: 'greta@example.com' });
    expect(logged.map((line) => JSON.parse(line))).toEqual([
      {
        function: 'open-run',
        runId: 'run-000001',
        partition: 3,
        tookMs: expect.any(Number),
        outcome: 'done',
        rows: 12,
      },
    ]);
  });

  test('tells of a failure by name and code, never by its message, which could hold customer data', async () => {
    const failing = state(() => Promise.reject(new StorageUnavailableError('greta@example.com')));
    await expect(failing({ runId: 'run-000001', customerId: 'greta@example.com' })).rejects.toThrow();
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({
      outcome: 'failed',
      error: 'StorageUnavailableError',
      code: 'STORAGE_UNAVAILABLE',
      retryable: true,
    });
    expect(logged.join('')).not.toContain('greta');
  });
});
