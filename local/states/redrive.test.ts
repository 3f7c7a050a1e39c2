import { describe, expect, it } from 'vitest';
import {
  createTestEngine,
  lambdaIntegrations,
  MACHINE_ARN,
  START_MS,
  type TaskHandler,
} from './conformance-drivers.ts';
import { StateFailure } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import type { StatusChange } from './ports.ts';

/**
 * RedriveExecution on virtual time. Oracles: the developer guide, "Restarting state machine executions with redrive" (with its table of
 * the behaviour of individual states) and "Redriving Map Runs", and the API reference of RedriveExecution and DescribeExecution.
 */

const DAY_MS = 86_400_000;

const call = (payload: Json, fields: JsonObject = { End: true }): JsonObject => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'f', Payload: payload },
  Output: '{% $states.result.Payload %}',
  ...fields,
});
const machine = (states: JsonObject, fields: JsonObject = {}): JsonObject => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(states)[0] ?? '',
  States: states,
  ...fields,
});
const group = (states: JsonObject, fields: JsonObject = {}): JsonObject => ({
  StartAt: Object.keys(states)[0] ?? '',
  States: states,
  ...fields,
});

/** A world in which the function fails for some payloads until it is mended; `calls` are its payloads. */
function world(failsFor: (payload: Json) => boolean) {
  const calls: Json[] = [];
  const changes: StatusChange[] = [];
  let mended = false;
  const f: TaskHandler = (payload) => {
    calls.push(payload);
    if (!mended && failsFor(payload)) throw new StateFailure('Broken', 'not mended yet');
    return payload;
  };
  const test = createTestEngine({
    integrations: lambdaIntegrations({ f }),
    onStatusChange: (change) => changes.push(change),
  });
  const { engine, time } = test;
  return {
    ...test,
    calls,
    changes,
    mend() {
      mended = true;
      calls.length = 0;
    },
    async end(definition: Json, input: Json = {}) {
      const arn = test.start(definition, input);
      return { arn, end: await time.settle(engine.ended(arn)) };
    },
    async redrive(arn: string) {
      engine.redriveExecution({ executionArn: arn });
      return time.settle(engine.ended(arn));
    },
    typesOf: (arn: string) => engine.store.events(engine.store.get(arn).info).map(({ type }) => type),
  };
}
const always = () => true;

describe('a redriven execution', () => {
  it('reruns the state that failed with its input and variables, and none before it', async () => {
    const { end, mend, redrive, calls, changes, typesOf, engine, time } = world((payload) => payload !== 1);
    const { arn, end: first } = await end(
      machine({
        Before: call(1, { Assign: { kept: 'variable' }, Next: 'Fails' }),
        Fails: call(
          '{% {"input": $states.input, "kept": $kept, "redrives": $states.context.Execution.RedriveCount} %}',
        ),
      }),
    );
    expect(first).toEqual({ status: 'FAILED', error: 'Broken', cause: 'not mended yet' });
    mend();
    await time.advance(5000);
    expect(await redrive(arn)).toEqual({ status: 'SUCCEEDED', output: '{"input":1,"kept":"variable","redrives":1}' });
    expect(calls).toEqual([{ input: 1, kept: 'variable', redrives: 1 }]);
    expect(typesOf(arn).slice(6)).toEqual([
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskFailed',
      'ExecutionFailed',
      'ExecutionRedriven',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    const { redrives, info } = engine.store.get(arn);
    expect(redrives.map(({ atMs }) => atMs)).toEqual([START_MS + 5000]);
    expect(info.startMs).toBe(START_MS);
    expect(changes.map(({ status, redriveCount, redriveStatus }) => [status, redriveCount, redriveStatus])).toEqual([
      ['RUNNING', 0, 'NOT_REDRIVABLE'],
      ['FAILED', 0, 'REDRIVABLE'],
      ['RUNNING', 1, 'NOT_REDRIVABLE'],
      ['SUCCEEDED', 1, 'NOT_REDRIVABLE'],
    ]);
  });

  it('has its retries and its timeout anew', async () => {
    const { end, redrive, calls } = world(always);
    const definition = machine({ T: call(1, { Retry: [{ ErrorEquals: ['Broken'], MaxAttempts: 1 }], End: true }) });
    const { arn } = await end(definition);
    await redrive(arn);
    expect(calls).toEqual([1, 1, 1, 1]);
    const waits = world(always);
    const timed = await waits.end(machine({ W: { Type: 'Wait', Seconds: 90, End: true } }, { TimeoutSeconds: 60 }));
    expect(timed.end.status).toBe('TIMED_OUT');
    expect((await waits.redrive(timed.arn)).status).toBe('TIMED_OUT');
    expect(waits.time.nowMs() - START_MS).toBe(120_000);
  });

  it('reenters a Fail state and fails again; leaves a Wait whose time has passed at once', async () => {
    const { end, redrive } = world(always);
    const { arn } = await end(machine({ F: { Type: 'Fail', Error: 'E' } }));
    expect(await redrive(arn)).toEqual({ status: 'FAILED', error: 'E' });
    const waits = world(always);
    const until = new Date(START_MS + 100_000).toISOString();
    const aborted = waits.start(machine({ W: { Type: 'Wait', Timestamp: until, End: true } }));
    await waits.time.advance(1000);
    waits.engine.stopExecution({ executionArn: aborted });
    await waits.time.advance(200_000);
    expect((await waits.redrive(aborted)).status).toBe('SUCCEEDED');
    expect(waits.time.nowMs() - START_MS).toBe(201_000);
  });

  it('reruns only the branches of a Parallel state that failed or were aborted', async () => {
    const { end, mend, redrive, calls } = world((payload) => payload === 'fails');
    const { arn } = await end(
      machine({
        P: {
          Type: 'Parallel',
          Branches: [
            group({ A: call('succeeds') }),
            group({ B: { Type: 'Wait', Seconds: 1, Next: 'Fails' }, Fails: call('fails') }),
            group({ C: call('begins', { Next: 'D' }), D: { Type: 'Wait', Seconds: 60, Next: 'E' }, E: call('ends') }),
          ],
          End: true,
        },
      }),
    );
    mend();
    expect(await redrive(arn)).toEqual({ status: 'SUCCEEDED', output: '["succeeds","fails","ends"]' });
    expect(calls).toEqual(['fails', 'ends']);
  });

  it('reruns only the iterations of an inline Map that failed or were aborted', async () => {
    const { end, mend, redrive, calls } = world((payload) => payload === 3);
    const { arn } = await end(
      machine({
        M: { Type: 'Map', MaxConcurrency: 1, ItemProcessor: group({ T: call('{% $states.input %}') }), End: true },
      }),
      [1, 2, 3, 4],
    );
    mend();
    expect(await redrive(arn)).toEqual({ status: 'SUCCEEDED', output: '[1,2,3,4]' });
    expect(calls).toEqual([3, 4]);
  });

  it('reruns all branches of a Parallel state whose result was too large', async () => {
    const { end, redrive, calls } = world(() => false);
    const branch = (name: string, payload: string) => group({ [name]: call(payload) });
    const { arn, end: first } = await end(
      machine({
        P: {
          Type: 'Parallel',
          Branches: [branch('A', 'x'.repeat(140_000)), branch('B', 'y'.repeat(140_000))],
          End: true,
        },
      }),
    );
    expect(first.error).toBe('States.DataLimitExceeded');
    await redrive(arn);
    expect(calls.map((payload) => String(payload)[0])).toEqual(['x', 'y', 'x', 'y']);
  });
});

describe('a redriven Distributed Map', () => {
  const distributed = (executionType: string, fields: JsonObject = {}) =>
    machine({
      M: {
        Type: 'Map',
        Label: 'label',
        MaxConcurrency: 1,
        ItemProcessor: group(
          { Begin: { Type: 'Pass', Assign: { item: '{% $states.input %}' }, Next: 'T' }, T: call('{% $item %}') },
          { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: executionType } },
        ),
        End: true,
        ...fields,
      },
    });

  it('goes on in the same map run, redrives children that failed and starts those that never were', async () => {
    const { end, mend, redrive, calls, engine, typesOf } = world((payload) => payload === 2);
    const { arn } = await end(distributed('STANDARD'), [1, 2, 3]);
    const [mapRun] = engine.store.mapRuns(() => true);
    const { arn: mapRunArn = '' } = mapRun ?? {};
    expect(engine.store.mapRunCounts(mapRunArn).executions).toMatchObject({ succeeded: 1, failed: 1, pending: 1 });
    const failed = engine.store.child(mapRunArn, 1)!;
    expect(engine.redrivability(failed.info.arn)).toEqual({ status: 'REDRIVABLE_BY_MAP_RUN' });
    mend();
    expect(await redrive(arn)).toEqual({ status: 'SUCCEEDED', output: '[1,2,3]' });
    expect(calls).toEqual([2, 3]);
    expect(typesOf(arn).slice(-5)).toEqual([
      'MapRunRedriven',
      'MapRunSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
    expect(engine.store.mapRuns(() => true)).toHaveLength(1);
    expect(engine.store.mapRun(mapRunArn)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
    expect(engine.store.mapRunCounts(mapRunArn).executions).toMatchObject({ succeeded: 3, failed: 0, total: 3 });
    expect(engine.store.child(mapRunArn, 1)).toMatchObject({ info: { arn: failed.info.arn }, redrives: [{}] });
    // The child goes on at its task: the Pass state before is not rerun.
    expect(typesOf(failed.info.arn).filter((type) => type === 'PassStateEntered')).toEqual(['PassStateEntered']);
  });

  it('starts Express children that failed anew', async () => {
    const { end, mend, redrive, calls, engine } = world((payload) => payload === 2);
    const { arn } = await end(distributed('EXPRESS'), [1, 2]);
    const [mapRun] = engine.store.mapRuns(() => true);
    const failed = engine.store.child(mapRun!.arn, 1)!.info.arn;
    mend();
    expect(await redrive(arn)).toEqual({ status: 'SUCCEEDED', output: '[1,2]' });
    expect(calls).toEqual([2]);
    const again = engine.store.child(mapRun!.arn, 1)!;
    expect([again.info.arn === failed, again.end?.status, again.redrives]).toEqual([false, 'SUCCEEDED', []]);
  });

  it('begins its first map run when the items could not be read', async () => {
    const { end, redrive, objects, engine } = world(() => false);
    const reader = {
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        Arguments: { Bucket: 'b', Key: 'k' },
        ReaderConfig: { InputType: 'JSON' },
      },
    };
    const { arn, end: first } = await end(distributed('STANDARD', reader));
    expect(first.error).toBe('States.ItemReaderFailed');
    objects.contents.set('b/k', '[7]');
    expect(await redrive(arn)).toEqual({ status: 'SUCCEEDED', output: '[7]' });
    expect(engine.store.mapRuns(() => true).map(({ plannedItems }) => plannedItems)).toEqual([1]);
  });

  it('tells of children that wait to be redriven', async () => {
    const { end, engine, time } = world((payload) => payload !== 1);
    const { arn } = await end(distributed('STANDARD', { ToleratedFailureCount: 1 }), [1, 2, 3]);
    engine.redriveExecution({ executionArn: arn });
    const [mapRun] = engine.store.mapRuns(() => true);
    while (engine.store.mapRun(mapRun!.arn).status !== 'RUNNING') await Promise.resolve();
    expect(engine.store.mapRunCounts(mapRun!.arn).items).toMatchObject({ succeeded: 1, failed: 0, pendingRedrive: 2 });
    const listed = engine.store.list(({ info }) => info.mapRunArn === mapRun!.arn);
    expect(listed.map((child) => engine.store.listedStatus(child))).toEqual([
      'PENDING_REDRIVE',
      'PENDING_REDRIVE',
      'SUCCEEDED',
    ]);
    await time.settle(engine.ended(arn));
  });
});

describe('RedriveExecution is refused', () => {
  const notRedrivable = (reason: string) => `Execution Not Redrivable: '${reason}'`;

  it('while it runs, once it succeeded, and fourteen days after its end', async () => {
    const { start, engine, time, end } = world(always);
    const running = start(machine({ W: { Type: 'Wait', Seconds: 60, End: true } }));
    const redrive = (executionArn: string) => () => engine.redriveExecution({ executionArn });
    expect(redrive(running)).toThrow(notRedrivable('Execution is RUNNING and cannot be redriven'));
    await time.settle(engine.ended(running));
    expect(redrive(running)).toThrow(notRedrivable('Execution is SUCCEEDED and cannot be redriven'));
    const { arn } = await end(machine({ T: call(1) }));
    await time.advance(14 * DAY_MS);
    expect(engine.redrivability(arn)).toEqual({ status: 'REDRIVABLE' });
    await time.advance(1);
    expect(redrive(arn)).toThrow(notRedrivable('Execution redrivable period exceeded'));
    expect(redrive(`${MACHINE_ARN.replace('stateMachine', 'execution')}:none`)).toThrow('Execution Does Not Exist');
  });

  it('not when the same client token asks again within fifteen minutes: the answer is the same', async () => {
    const { end, engine, time, calls } = world(always);
    const { arn } = await end(machine({ T: call(1) }));
    const request = { executionArn: arn, clientToken: 'once' };
    const first = engine.redriveExecution(request);
    await time.settle(engine.ended(arn));
    await time.advance(15 * 60_000);
    expect(engine.redriveExecution(request)).toEqual(first);
    expect(calls).toHaveLength(2);
    await time.advance(1);
    expect(engine.redriveExecution(request)).toEqual({ redriveMs: time.nowMs() });
  });
});
