import { describe, expect, it } from 'vitest';
import { createTestEngine, START_MS } from './conformance-drivers.ts';
import type { JsonObject } from './json.ts';

const HALF = "{% $pad('', 140000, 'x') %}";
const machine = (states: JsonObject): JsonObject => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(states)[0] ?? '',
  States: states,
});
const tooLarge = { status: 'FAILED', error: 'States.DataLimitExceeded' };

describe('States.DataLimitExceeded', () => {
  it('for variables: 256 KiB in one Assign, 10 MiB in all', async () => {
    const assign = (count: number, next: JsonObject) => ({
      A: {
        Type: 'Pass',
        Assign: Object.fromEntries(Array.from({ length: count }, (_, index) => [`v${index}`, HALF])),
        ...next,
      },
    });
    expect(await createTestEngine().run(machine(assign(2, { End: true })))).toMatchObject(tooLarge);
    expect((await createTestEngine().run(machine(assign(1, { End: true })))).status).toBe('SUCCEEDED');
    // 74 variables of 140,002 bytes are within 10,485,760 bytes, 75 are not.
    const fill = (count: number) =>
      machine(
        Object.fromEntries(
          Array.from({ length: count }, (_, index) => [
            `S${index}`,
            {
              Type: 'Pass',
              Assign: { [`v${index}`]: HALF },
              ...(index + 1 < count ? { Next: `S${index + 1}` } : { End: true }),
            },
          ]),
        ),
      );
    expect((await createTestEngine().run(fill(74))).status).toBe('SUCCEEDED');
    expect(await createTestEngine().run(fill(75))).toMatchObject(tooLarge);
  });

  it('for the input of an iteration, and of a child execution', async () => {
    const map = (config: JsonObject) =>
      machine({
        M: {
          Type: 'Map',
          Items: [1],
          ItemSelector: [HALF, HALF],
          ItemProcessor: { ...config, StartAt: 'P', States: { P: { Type: 'Pass', Output: 0, End: true } } },
          End: true,
        },
      });
    expect(await createTestEngine().run(map({}))).toMatchObject(tooLarge);
    expect(
      await createTestEngine().run(map({ ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' } })),
    ).toMatchObject({
      ...tooLarge,
      cause:
        "The input made of item 0 of the Distributed Map has 280007 bytes; a child execution's input holds at most 262144.",
    });
  });
});

describe('a failing branch', () => {
  const slow = { StartAt: 'Slow', States: { Slow: { Type: 'Wait', Seconds: 900, End: true } } };
  const failing = {
    StartAt: 'Soon',
    States: { Soon: { Type: 'Wait', Seconds: 2, Next: 'F' }, F: { Type: 'Fail', Error: 'E' } },
  };

  it('ends its siblings at once', async () => {
    const { run, time } = createTestEngine();
    expect(await run(machine({ P: { Type: 'Parallel', Branches: [slow, failing], End: true } }))).toMatchObject({
      status: 'FAILED',
      error: 'E',
    });
    expect(time.nowMs() - START_MS).toBe(2000);
  });
});
