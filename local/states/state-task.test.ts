import { describe, expect, it } from 'vitest';
import { createTestEngine, lambdaIntegrations, START_MS, type TaskHandler } from './conformance-drivers.ts';
import { StateFailure } from './errors.ts';
import type { Json, JsonObject } from './json.ts';

/** Task states on virtual time. Oracles: the developer guide, and histories recorded from the service. */

const FUNCTION_ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:f';

function task(fields: JsonObject = {}): JsonObject {
  return {
    QueryLanguage: 'JSONata',
    StartAt: 'T',
    States: {
      T: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Arguments: { FunctionName: 'f', Payload: '{% $states.input %}' },
        Output: '{% $states.result.Payload %}',
        End: true,
        ...fields,
      },
      Caught: { Type: 'Pass', End: true },
    },
  };
}

/** The state `Caught` is reachable only with a Catch. */
function taskAlone(fields: JsonObject = {}): JsonObject {
  const machine = task(fields) as { States: { T: Json } };
  return { QueryLanguage: 'JSONata', StartAt: 'T', States: { T: machine.States.T } };
}

function engineWith(handler: TaskHandler) {
  return createTestEngine({ integrations: lambdaIntegrations({ f: handler }) });
}

/** A handler that fails with these error names, one per call, and then answers. */
function failing(...errors: string[]): { readonly handler: TaskHandler; readonly calls: () => number } {
  let calls = 0;
  return {
    calls: () => calls,
    handler: () => {
      calls += 1;
      const error = errors[calls - 1];
      if (error !== undefined) throw new StateFailure(error, `cause of ${error}`);
      return 'done';
    },
  };
}

const never: TaskHandler = () => new Promise(() => {});

describe('results', () => {
  it('of lambda:invoke hold the payload; of a function ARN they are the payload', async () => {
    const bare = { Resource: FUNCTION_ARN, Arguments: { n: '{% $states.input.n %}' }, Output: '{% $states.result %}' };
    const double: TaskHandler = (payload) => (payload as { n: number }).n * 2;
    expect((await engineWith(double).run(taskAlone(), { n: 4 })).output).toBe(8);
    expect((await engineWith(double).run(taskAlone(bare), { n: 5 })).output).toBe(10);
  });

  it('tell the history that the service tells', async () => {
    const { events } = await engineWith(() => 'r').run(taskAlone({ TimeoutSeconds: 5 }), { n: 1 });
    expect(events.map(({ id, type, details }) => [id, type, details])).toEqual([
      [
        1,
        'ExecutionStarted',
        { input: '{"n":1}', inputDetails: { truncated: false }, roleArn: 'arn:aws:iam::123456789012:role/machine' },
      ],
      [2, 'TaskStateEntered', { name: 'T', input: '{"n":1}', inputDetails: { truncated: false } }],
      [
        3,
        'TaskScheduled',
        {
          resourceType: 'lambda',
          resource: 'invoke',
          region: 'eu-west-1',
          parameters: '{"FunctionName":"f","Payload":{"n":1}}',
          timeoutInSeconds: 5,
        },
      ],
      [4, 'TaskStarted', { resourceType: 'lambda', resource: 'invoke' }],
      [
        5,
        'TaskSucceeded',
        {
          resourceType: 'lambda',
          resource: 'invoke',
          output: '{"ExecutedVersion":"$LATEST","Payload":"r","StatusCode":200}',
          outputDetails: { truncated: false },
        },
      ],
      [6, 'TaskStateExited', { name: 'T', output: '"r"', outputDetails: { truncated: false } }],
      [7, 'ExecutionSucceeded', { output: '"r"', outputDetails: { truncated: false } }],
    ]);
  });

  it('of a fault in the integration end the execution as States.Runtime, past every Catch', async () => {
    const { handler } = { handler: () => Promise.reject(new TypeError('broken')) };
    const outcome = await engineWith(handler).run(task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }] }));
    expect([outcome.status, outcome.error, outcome.cause]).toEqual([
      'FAILED',
      'States.Runtime',
      "The state 'T' failed for an unexpected reason: TypeError: broken",
    ]);
  });
});

describe('Retry', () => {
  it('waits 1, 2, 4 seconds by default and then gives up', async () => {
    const { handler, calls } = failing('E', 'E', 'E', 'E');
    const { run, time } = engineWith(handler);
    const outcome = await run(taskAlone({ Retry: [{ ErrorEquals: ['E'] }] }));
    expect([outcome.status, outcome.error, outcome.cause, calls(), time.nowMs() - START_MS]).toEqual([
      'FAILED',
      'E',
      'cause of E',
      4,
      7000,
    ]);
  });

  it('counts each retrier by itself (the example of the developer guide)', async () => {
    const { handler, calls } = failing('ErrorA', 'ErrorB', 'ErrorC', 'ErrorB');
    const { run, time } = engineWith(handler);
    const outcome = await run(
      task({
        Retry: [
          { ErrorEquals: ['ErrorA', 'ErrorB'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 },
          { ErrorEquals: ['ErrorC'], IntervalSeconds: 5 },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
      }),
    );
    expect([calls(), time.nowMs() - START_MS, outcome.output]).toEqual([
      4,
      8000,
      { Error: 'ErrorB', Cause: 'cause of ErrorB' },
    ]);
  });

  it('caps the delay with MaxDelaySeconds and spreads it with full jitter', async () => {
    const retrier = { ErrorEquals: ['E'], IntervalSeconds: 3, BackoffRate: 10, MaxDelaySeconds: 20, MaxAttempts: 2 };
    const plain = engineWith(failing('E', 'E').handler);
    await plain.run(taskAlone({ Retry: [retrier] }));
    expect(plain.time.nowMs() - START_MS).toBe(23_000);
    const jittered = engineWith(failing('E', 'E').handler);
    await jittered.run(taskAlone({ Retry: [{ ...retrier, JitterStrategy: 'FULL' }] }));
    expect(jittered.time.nowMs() - START_MS).toBe(11_500);
  });

  it('tells expressions how often', async () => {
    const counted = { FunctionName: 'f', Payload: '{% $states.context.State.RetryCount %}' };
    const seen: Json[] = [];
    const handler: TaskHandler = (payload) => {
      seen.push(payload);
      if (seen.length < 3) throw new StateFailure('E');
      return payload;
    };
    expect(
      (await engineWith(handler).run(taskAlone({ Arguments: counted, Retry: [{ ErrorEquals: ['E'] }] }))).output,
    ).toBe(2);
    expect(seen).toEqual([0, 1, 2]);
  });

  it('does not happen with MaxAttempts 0', async () => {
    const { handler, calls } = failing('E');
    await engineWith(handler).run(taskAlone({ Retry: [{ ErrorEquals: ['E'], MaxAttempts: 0 }] }));
    expect(calls()).toBe(1);
  });
});

describe('Catch', () => {
  const caughtBy = async (errorEquals: string[], handler: TaskHandler, fields: JsonObject = {}) =>
    (await engineWith(handler).run(task({ Catch: [{ ErrorEquals: errorEquals, Next: 'Caught' }], ...fields }))).status;

  it('matches by the reserved names as documented', async () => {
    const custom = failing('Custom').handler;
    expect(await caughtBy(['Custom'], custom)).toBe('SUCCEEDED');
    expect(await caughtBy(['States.TaskFailed'], failing('Custom').handler)).toBe('SUCCEEDED');
    expect(await caughtBy(['Other'], failing('Custom').handler)).toBe('FAILED');
    expect(await caughtBy(['States.TaskFailed'], never, { TimeoutSeconds: 1 })).toBe('FAILED');
    expect(await caughtBy(['States.Timeout'], never, { TimeoutSeconds: 1 })).toBe('SUCCEEDED');
    expect(await caughtBy(['States.Runtime'], failing('States.Runtime').handler)).toBe('FAILED');
    expect(await caughtBy(['States.QueryEvaluationError'], () => 1, { Arguments: '{% $nothing %}' })).toBe('SUCCEEDED');
  });

  it('catches a result that is too large, under the name of the service', async () => {
    const huge: TaskHandler = () => 'é'.repeat(140_000);
    const outcome = await engineWith(huge).run(
      task({ Catch: [{ ErrorEquals: ['States.DataLimitExceeded'], Next: 'Caught' }] }),
    );
    expect(outcome.output).toEqual({
      Error: 'States.DataLimitExceeded',
      Cause:
        "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.",
    });
  });

  it('shapes its output and assigns from $states.errorOutput, with the input at hand', async () => {
    const outcome = await engineWith(failing('E').handler).run(
      task({
        Catch: [
          {
            ErrorEquals: ['States.ALL'],
            Output: { input: '{% $states.input %}', why: '{% $states.errorOutput.Cause %}' },
            Assign: { seen: '{% $states.errorOutput.Error %}' },
            Next: 'Caught',
          },
        ],
      }),
      { n: 1 },
    );
    expect(outcome.output).toEqual({ input: { n: 1 }, why: 'cause of E' });
    expect(outcome.events.find(({ type }) => type === 'TaskStateExited')?.details).toMatchObject({
      assignedVariables: { seen: '"E"' },
    });
  });
});

describe('timeouts', () => {
  it('end a task after TimeoutSeconds and abort its call', async () => {
    let aborted = false;
    const handler: TaskHandler = (_, { signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    };
    const { run, time } = engineWith(handler);
    const outcome = await run(taskAlone({ TimeoutSeconds: '{% $states.input.seconds %}' }), { seconds: 5 });
    expect([outcome.status, outcome.error, outcome.cause, aborted, time.nowMs() - START_MS]).toEqual([
      'FAILED',
      'States.Timeout',
      undefined,
      true,
      5000,
    ]);
    expect(outcome.events.map(({ type }) => type).slice(-2)).toEqual(['TaskTimedOut', 'ExecutionFailed']);
  });

  it('of the machine end the execution as TIMED_OUT without an error', async () => {
    const { run, time } = engineWith(never);
    const outcome = await run({ ...taskAlone(), TimeoutSeconds: 60 });
    expect([outcome.status, outcome.error, time.nowMs() - START_MS]).toEqual(['TIMED_OUT', undefined, 60_000]);
    expect(outcome.events.at(-1)?.type).toBe('ExecutionTimedOut');
  });
});

describe('.waitForTaskToken', () => {
  const waiting = (fields: JsonObject = {}) =>
    task({
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: 'f', Payload: { token: '{% $states.context.Task.Token %}' } },
      Output: '{% $states.result %}',
      Catch: [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'Caught' }],
      ...fields,
    });

  function startWaiting(fields: JsonObject = {}) {
    let token = '';
    const test = engineWith((payload) => {
      token = (payload as { token: string }).token;
      return 'submitted';
    });
    return { ...test, arn: test.start(waiting(fields)), token: () => token };
  }

  it('goes on with the output that SendTaskSuccess brings', async () => {
    const { engine, time, arn, token } = startWaiting();
    await time.advance(3_600_000);
    engine.tokens.succeed(token(), '{"answer":42}');
    expect(await time.settle(engine.ended(arn))).toEqual({ status: 'SUCCEEDED', output: '{"answer":42}' });
    const types = engine.store.events(engine.store.get(arn).info).map(({ type }) => type);
    expect(types.slice(2, 6)).toEqual(['TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'TaskSucceeded']);
    expect(() => engine.tokens.succeed(token(), '1')).toThrow("Task Timed Out: 'Provided task does not exist anymore'");
    expect(() => engine.tokens.succeed('garbage', '1')).toThrow("Invalid Token: 'Invalid token'");
  });

  it('fails with the error that SendTaskFailure brings', async () => {
    const { engine, time, arn, token } = startWaiting();
    await time.idle();
    engine.tokens.fail(token(), 'Failure error', 'Failure cause');
    expect(await time.settle(engine.ended(arn))).toEqual({
      status: 'FAILED',
      error: 'Failure error',
      cause: 'Failure cause',
    });
  });

  it('lives as long as heartbeats come, and is caught as States.HeartbeatTimeout after', async () => {
    const { engine, time, arn, token } = startWaiting({ HeartbeatSeconds: 10, TimeoutSeconds: 600 });
    for (let beat = 0; beat < 3; beat += 1) {
      await time.advance(9_000);
      engine.tokens.heartbeat(token());
    }
    expect(await time.settle(engine.ended(arn))).toEqual({
      status: 'SUCCEEDED',
      output: '{"Error":"States.Timeout","Cause":""}',
    });
    expect(time.nowMs() - START_MS).toBe(37_000);
  });

  it('fails when the call that hands the token over fails', async () => {
    const outcome = await engineWith(failing('Lambda.TooManyRequestsException').handler).run(waiting());
    expect(outcome.error).toBe('Lambda.TooManyRequestsException');
  });
});
