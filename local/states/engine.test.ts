import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestEngine, lambdaIntegrations, MACHINE_ARN, START_MS } from './conformance-drivers.ts';
import { StateFailure } from './errors.ts';
import { openFileJournal } from './journal.ts';
import type { JsonObject } from './json.ts';
import type { ProgressEvent, StatusChange } from './ports.ts';

const WAIT: JsonObject = {
  QueryLanguage: 'JSONata',
  StartAt: 'W',
  States: { W: { Type: 'Wait', Seconds: 60, End: true } },
};

const folders: string[] = [];
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'states-'));
  folders.push(folder);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('StartExecution', () => {
  it('with the same name and input is the same execution while it runs, and refused otherwise', async () => {
    const { engine, time, start } = createTestEngine();
    start(WAIT);
    const request = { stateMachineArn: MACHINE_ARN, name: 'n', input: '{"a":1}' };
    const first = engine.startExecution(request);
    await time.advance(1000);
    expect(engine.startExecution(request)).toEqual(first);
    expect(() => engine.startExecution({ ...request, input: '{"a":2}' })).toThrow(
      `Execution Already Exists: '${first.executionArn}'`,
    );
    await time.settle(engine.ended(first.executionArn));
    expect(() => engine.startExecution(request)).toThrow('Execution Already Exists');
  });

  it('refuses input that is no JSON or too large, and bad names', () => {
    const { engine, start } = createTestEngine();
    start(WAIT);
    const begin =
      (input: string, name = 'n') =>
      () =>
        engine.startExecution({ stateMachineArn: MACHINE_ARN, name, input });
    expect(begin('not json')).toThrow("Invalid State Machine Execution Input: 'The input is not a JSON text'");
    expect(begin(`"${'x'.repeat(262_143)}"`)).toThrow('The input is larger than 262144 bytes');
    expect(begin('1', 'a b')).toThrow("Invalid Name: 'a b'");
    expect(() => engine.startExecution({ stateMachineArn: `${MACHINE_ARN}2` })).toThrow(
      `State Machine Does Not Exist: '${MACHINE_ARN}2'`,
    );
  });
});

it('accepts nothing once it is closed: it would be lost', async () => {
  const { engine, start } = createTestEngine();
  const executionArn = start(WAIT);
  engine.close();
  const refused = expect.objectContaining({ code: 'ServiceUnavailableException' });
  expect(() => engine.startExecution({ stateMachineArn: MACHINE_ARN })).toThrow(refused);
  expect(() => engine.stopExecution({ executionArn })).toThrow(refused);
});

describe('StopExecution', () => {
  it('aborts at once, with the history recorded from the service', async () => {
    const { engine, time, start } = createTestEngine();
    const arn = start(WAIT);
    await time.advance(5000);
    expect(engine.stopExecution({ executionArn: arn, error: 'E', cause: 'c' })).toEqual({ stopMs: START_MS + 5000 });
    await time.advance(100_000);
    const { info, end } = engine.store.get(arn);
    expect(end).toEqual({ status: 'ABORTED', error: 'E', cause: 'c' });
    expect(engine.store.events(info).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'ExecutionAborted',
    ]);
  });
});

describe('status changes and progress', () => {
  it('are told', async () => {
    const changes: StatusChange[] = [];
    const progress: ProgressEvent[] = [];
    const { engine, time, start } = createTestEngine({
      onStatusChange: (c) => changes.push(c),
      onProgress: (p) => progress.push(p),
    });
    const executionArn = start(WAIT, { a: 1 });
    await time.settle(engine.ended(executionArn));
    expect(changes.map(({ status, startDate, stopDate, output }) => [status, startDate, stopDate, output])).toEqual([
      ['RUNNING', START_MS, null, null],
      ['SUCCEEDED', START_MS, START_MS + 60_000, '{"a":1}'],
    ]);
    expect(changes[0]).toMatchObject({
      executionArn,
      stateMachineArn: MACHINE_ARN,
      input: '{"a":1}',
      redriveStatus: 'NOT_REDRIVABLE',
    });
    expect(progress).toEqual([
      { executionArn, stateName: 'W', kind: 'entered' },
      { executionArn, stateName: 'W', kind: 'exited' },
    ]);
  });
});

describe('nested executions', () => {
  const INNER = `${MACHINE_ARN}Inner`;
  const outer = (pattern: string): JsonObject => ({
    QueryLanguage: 'JSONata',
    StartAt: 'N',
    States: {
      N: {
        Type: 'Task',
        Resource: `arn:aws:states:::states:startExecution${pattern}`,
        Arguments: { StateMachineArn: INNER, Input: { x: 1 }, Name: 'inner' },
        End: true,
      },
    },
  });
  function withInner(inner: JsonObject, authorize = () => {}) {
    const test = createTestEngine({ authorize });
    test.engine.addStateMachine({
      arn: INNER,
      name: 'MachineInner',
      type: 'STANDARD',
      definition: inner,
      roleArn: 'role',
    });
    return test;
  }
  const ARN = INNER.replace('stateMachine', 'execution').concat(':inner');

  it('answer at once, or when they have ended', async () => {
    expect((await withInner(WAIT).run(outer(''))).output).toEqual({ ExecutionArn: ARN, StartDate: START_MS });
    const described = {
      ExecutionArn: ARN,
      Name: 'inner',
      StateMachineArn: INNER,
      Status: 'SUCCEEDED',
      StartDate: START_MS,
      StopDate: START_MS + 60_000,
    };
    const details = { InputDetails: { Included: true }, OutputDetails: { Included: true } };
    expect((await withInner(WAIT).run(outer('.sync:2'))).output).toEqual({
      ...described,
      ...details,
      Input: { x: 1 },
      Output: { x: 1 },
    });
    expect((await withInner(WAIT).run(outer('.sync'))).output).toEqual({
      ...described,
      ...details,
      Input: '{"x":1}',
      Output: '{"x":1}',
    });
  });

  it('fail the task as States.TaskFailed, with their description as the cause', async () => {
    const failing = {
      QueryLanguage: 'JSONata',
      StartAt: 'F',
      States: { F: { Type: 'Fail', Error: 'Inner', Cause: 'why' } },
    };
    const { error, cause } = await withInner(failing).run(outer('.sync:2'));
    expect(error).toBe('States.TaskFailed');
    expect(JSON.parse(cause ?? '')).toMatchObject({
      Error: 'Inner',
      Cause: 'why',
      Status: 'FAILED',
      Input: '{"x":1}',
      ExecutionArn: ARN,
    });
  });

  it('are stopped with the execution that waits for them', async () => {
    const { engine, start, time } = withInner(WAIT);
    const arn = start(outer('.sync:2'));
    await time.advance(1000);
    engine.stopExecution({ executionArn: arn });
    await time.idle();
    expect(engine.store.get(ARN).end).toEqual({ status: 'ABORTED' });
  });

  it("need the role's permission", async () => {
    const deny = () => {
      throw new StateFailure('StepFunctions.AccessDeniedException', 'not allowed');
    };
    expect(await withInner(WAIT, deny).run(outer(''))).toMatchObject({
      error: 'StepFunctions.AccessDeniedException',
      cause: 'not allowed',
    });
  });
});

describe('the journal on disk', () => {
  const machine: JsonObject = {
    QueryLanguage: 'JSONata',
    StartAt: 'M',
    States: {
      M: {
        Type: 'Map',
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'T',
          States: {
            T: {
              Type: 'Task',
              Resource: 'arn:aws:states:::lambda:invoke',
              Arguments: { FunctionName: 'f', Payload: '{% $states.input %}' },
              End: true,
            },
          },
        },
        End: true,
      },
    },
  };

  it('keeps executions, histories and map runs over a restart', async () => {
    const folder = temporaryFolder();
    const integrations = lambdaIntegrations({ f: (payload) => payload });
    const before = createTestEngine({ journal: openFileJournal(folder), integrations });
    const { events } = await before.run(machine, [1, 2]);
    before.engine.close();
    const after = createTestEngine({ journal: openFileJournal(folder) });
    const [root, second, first] = after.engine.store
      .list(() => true)
      .toReversed()
      .map(({ info }) => info);
    expect(root && after.engine.store.events(root)).toEqual(events);
    expect([second, first].map((info) => info && after.engine.store.events(info).at(-1)?.type)).toEqual([
      'ExecutionSucceeded',
      'ExecutionSucceeded',
    ]);
    const [mapRun] = after.engine.store.mapRuns(() => true);
    expect([mapRun?.status, after.engine.store.mapRunCounts(mapRun?.arn ?? '').items.succeeded]).toEqual([
      'SUCCEEDED',
      2,
    ]);
    after.engine.close();
  });

  it('takes up at a restart what was running, by the definition it was started with', async () => {
    const folder = temporaryFolder();
    const before = createTestEngine({
      journal: openFileJournal(folder),
      integrations: lambdaIntegrations({ f: () => new Promise(() => {}) }),
    });
    const arn = before.start(machine, [1, 2]);
    await before.time.idle();
    before.engine.close();
    const changes: StatusChange[] = [];
    const after = createTestEngine({
      journal: openFileJournal(folder),
      integrations: lambdaIntegrations({ f: (payload) => Number(payload) * 10 }),
      onStatusChange: (change) => changes.push(change),
    });
    after.engine.addStateMachine({
      arn: MACHINE_ARN,
      name: 'Machine',
      type: 'STANDARD',
      definition: WAIT,
      roleArn: 'arn:aws:iam::123456789012:role/machine',
    });
    after.engine.resume();
    const { status, output = '' } = await after.time.settle(after.engine.ended(arn));
    expect([status, JSON.parse(output).map(({ Payload }: { Payload: number }) => Payload)]).toEqual([
      'SUCCEEDED',
      [10, 20],
    ]);
    expect(changes.map((change) => change.status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    after.engine.close();
  });

  it('fails at a restart what cannot be taken up: Express executions, and those whose definition is not known here any more', async () => {
    const folder = temporaryFolder();
    const begin = (supports: boolean) => {
      const test = createTestEngine({
        journal: openFileJournal(folder),
        integrations: { ...lambdaIntegrations({ f: () => new Promise(() => {}) }), supports: () => supports },
      });
      return test;
    };
    const before = begin(true);
    const standard = before.start(machine, [1]);
    before.engine.addStateMachine({
      arn: `${MACHINE_ARN}Express`,
      name: 'MachineExpress',
      type: 'EXPRESS',
      definition: WAIT,
      roleArn: 'arn:aws:iam::123456789012:role/machine',
    });
    const express = before.engine.startExecution({ stateMachineArn: `${MACHINE_ARN}Express` }).executionArn;
    await before.time.idle();
    before.engine.close();
    const after = begin(false);
    after.engine.resume();
    const cause =
      'The embedded cloud stopped while this execution was running, and it cannot be taken up again. Start a new execution with the same input.';
    for (const arn of [standard, express])
      expect(after.engine.store.get(arn).end).toEqual({ status: 'FAILED', error: 'States.Runtime', cause });
    const { info } = after.engine.store.get(standard);
    expect(after.engine.store.events(info).at(-1)).toMatchObject({ type: 'ExecutionFailed', details: { cause } });
    expect(after.engine.store.mapRuns(() => true).map(({ status }) => status)).toEqual(['ABORTED']);
    after.engine.close();
  });

  it('drops a last line cut short, and refuses a broken one before it', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'executions.jsonl');
    const first = createTestEngine({ journal: openFileJournal(folder) });
    await first.run(WAIT);
    first.engine.close();
    const whole = readFileSync(file, 'utf8');
    appendFileSync(file, '{"kind":"execution-st');
    const second = createTestEngine({ journal: openFileJournal(folder), ids: { uuid: () => 'second' } });
    expect(second.engine.store.list(() => true).map(({ end }) => end?.status)).toEqual(['SUCCEEDED']);
    const arn = second.start(WAIT);
    second.engine.stopExecution({ executionArn: arn });
    second.engine.close();
    expect(readFileSync(file, 'utf8').startsWith(`${whole}{"kind":"execution-started"`)).toBe(true);
    appendFileSync(file, '{"kind"\n');
    expect(() => createTestEngine({ journal: openFileJournal(folder) })).toThrow(
      'is not JSON: restore the file or remove the line.',
    );
  });
});
