import { describe, expect, it } from 'vitest';
import { conformanceDriver, type Outcome, type RunOptions } from './conformance-drivers.ts';
import type { Json, JsonObject } from './json.ts';

/**
 * Tasks, errors, tokens, distributed Maps and redrive: one case per documented behaviour, on this engine or, with REMOTE=1, on the real
 * service (see `conformance-drivers.ts`). Sources: Step Functions developer guide, "Handling errors", "Task workflow state",
 * "ItemReader", "ItemBatcher", "ResultWriter", "Restarting state machine executions with redrive", and the Amazon States Language.
 */
const driver = conformanceDriver();
const { functionArn, bucket } = driver.surroundings;

interface Case extends RunOptions {
  readonly name: string;
  readonly states: JsonObject;
  readonly input?: Json;
  readonly expected: Outcome;
}

const succeeded = (output: Json): Outcome => ({ status: 'SUCCEEDED', output });
const call = (payload: Json, fields: JsonObject = {}): JsonObject => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: functionArn, Payload: payload },
  Output: '{% $states.result.Payload %}',
  ...('Next' in fields ? {} : { End: true }),
  ...fields,
});
const CAUGHT: JsonObject = { Type: 'Pass', Output: '{% $states.input.Error %}', End: true };
const catching = (...errorEquals: string[]) => ({ Catch: [{ ErrorEquals: errorEquals, Next: 'Caught' }] });
/** Fails until it has been retried so often, and answers how often. */
const failsUntilRetry = (count: number, error = 'Transient'): JsonObject => ({
  error,
  unless: `{% $states.context.State.RetryCount >= ${count} %}`,
  answer: '{% $states.context.State.RetryCount %}',
});
const retry = (...retriers: JsonObject[]) => ({ Retry: retriers });
const quick = (errorEquals: string[], maxAttempts: number): JsonObject => ({
  ErrorEquals: errorEquals,
  IntervalSeconds: 1,
  BackoffRate: 1,
  MaxAttempts: maxAttempts,
});

const TASKS: readonly Case[] = [
  {
    name: 'lambda:invoke hands over the payload and answers it with the status code',
    states: {
      T: call(
        { answer: '{% $states.input %}' },
        { Output: '{% [$states.result.Payload, $states.result.StatusCode] %}' },
      ),
    },
    input: { x: 1 },
    expected: succeeded([{ x: 1 }, 200]),
  },
  {
    name: "a function's own ARN takes the Arguments as payload and answers the payload",
    states: { T: { Type: 'Task', Resource: functionArn, Arguments: { answer: [1, 2] }, End: true } },
    expected: succeeded([1, 2]),
  },
  {
    name: 'Assign of a task sees its result',
    states: {
      T: call({ answer: 5 }, { Assign: { five: '{% $states.result.Payload %}' }, Output: 'other', Next: 'U' }),
      U: { Type: 'Pass', Output: '{% [$five, $states.input] %}', End: true },
    },
    expected: succeeded([5, 'other']),
  },
];

const ERRORS: readonly Case[] = [
  ...(
    [
      ['its own name', ['Custom'], 'Custom'],
      ['States.TaskFailed', ['States.TaskFailed'], 'Custom'],
      ['States.ALL', ['States.ALL'], 'Custom'],
      ['one of several names', ['Other', 'Custom'], 'Custom'],
    ] as const
  ).map(([by, errorEquals, output]) => ({
    name: `an error of a function is caught by ${by}`,
    states: { T: call({ error: 'Custom' }, catching(...errorEquals)), Caught: CAUGHT },
    expected: succeeded(output),
  })),
  {
    name: 'the first catcher that matches is taken',
    states: {
      T: call(
        { error: 'Custom' },
        {
          Catch: [
            { ErrorEquals: ['Other'], Next: 'Never' },
            { ErrorEquals: ['Custom'], Next: 'Caught' },
            { ErrorEquals: ['States.ALL'], Next: 'Never' },
          ],
        },
      ),
      Caught: CAUGHT,
      Never: { Type: 'Fail' },
    },
    expected: succeeded('Custom'),
  },
  {
    name: 'a timeout is caught by States.Timeout and not by States.TaskFailed',
    states: {
      T: call(
        { sleepSeconds: 5 },
        {
          TimeoutSeconds: '{% $states.input.seconds %}',
          Catch: [
            { ErrorEquals: ['States.TaskFailed'], Next: 'Never' },
            { ErrorEquals: ['States.Timeout'], Next: 'Caught' },
          ],
        },
      ),
      Caught: CAUGHT,
      Never: { Type: 'Fail' },
    },
    input: { seconds: 1 },
    expected: succeeded('States.Timeout'),
  },
  {
    name: 'a retried task tells how often it was retried',
    states: { T: call(failsUntilRetry(2), retry(quick(['Transient'], 3))) },
    expected: succeeded(2),
  },
  {
    name: 'a retrier gives up after MaxAttempts, and then the catchers are asked',
    states: {
      T: call(failsUntilRetry(2), { ...retry(quick(['Transient'], 1)), ...catching('Transient') }),
      Caught: CAUGHT,
    },
    expected: succeeded('Transient'),
  },
  {
    name: 'MaxAttempts 0 means never, also when a later retrier would match',
    states: {
      T: call(failsUntilRetry(1), {
        ...retry(quick(['Transient'], 0), quick(['States.ALL'], 3)),
        ...catching('States.ALL'),
      }),
      Caught: CAUGHT,
    },
    expected: succeeded('Transient'),
  },
  {
    name: 'a retrier for other errors is passed over',
    states: { T: call(failsUntilRetry(1), retry(quick(['Other'], 0), quick(['States.ALL'], 1))) },
    expected: succeeded(1),
  },
  {
    name: 'delays with full jitter are no longer than MaxDelaySeconds',
    states: {
      T: call(
        failsUntilRetry(2),
        retry({ ...quick(['Transient'], 2), BackoffRate: 1000, MaxDelaySeconds: 2, JitterStrategy: 'FULL' }),
      ),
    },
    expected: succeeded(2),
  },
  {
    name: 'a Parallel state is retried as a whole',
    states: {
      P: {
        Type: 'Parallel',
        Arguments: { retried: '{% $states.context.State.RetryCount %}' },
        Branches: [
          {
            StartAt: 'B',
            States: {
              B: call({
                error: 'Branch',
                unless: '{% $states.input.retried > 0 %}',
                answer: '{% $states.input.retried %}',
              }),
            },
          },
        ],
        ...retry(quick(['Branch'], 1)),
        End: true,
      },
    },
    expected: succeeded([1]),
  },
  {
    name: 'an expression that fails is caught by its own error name',
    states: { T: call('{% $missing %}', catching('States.QueryEvaluationError')), Caught: CAUGHT },
    expected: succeeded('States.QueryEvaluationError'),
  },
];

const waiting = (fields: JsonObject = {}) =>
  call(
    { token: '{% $states.context.Task.Token %}' },
    { Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken', Output: '{% $states.result %}', ...fields },
  );

const TOKENS: readonly Case[] = [
  {
    name: 'a task waits until it is told the output',
    states: { T: waiting() },
    answer: (task) => task.succeed({ done: true }),
    expected: succeeded({ done: true }),
  },
  {
    name: 'a task waits until it is told the error',
    states: { T: waiting() },
    answer: (task) => task.fail('Refused', 'not today'),
    expected: { status: 'FAILED', error: 'Refused', cause: 'not today' },
  },
  {
    name: 'heartbeats keep a task waiting',
    states: { T: waiting({ HeartbeatSeconds: 4, TimeoutSeconds: 60 }) },
    answer: async (task) => {
      for (let beat = 0; beat < 3; beat += 1) {
        await task.elapse(2);
        await task.heartbeat();
      }
      await task.succeed('alive');
    },
    expected: succeeded('alive'),
  },
  {
    name: 'a missed heartbeat is caught by States.HeartbeatTimeout',
    states: {
      T: waiting({ HeartbeatSeconds: 1, ...catching('States.HeartbeatTimeout') }),
      Caught: { Type: 'Pass', Output: 'silent', End: true },
    },
    answer: (task) => task.elapse(2),
    expected: succeeded('silent'),
  },
];

const distributed = (fields: JsonObject, each: JsonObject = { Type: 'Pass', End: true }): JsonObject => ({
  M: {
    Type: 'Map',
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Each',
      States: { Each: each },
    },
    End: true,
    ...fields,
  },
});
const read = (key: string, config: JsonObject): JsonObject => ({
  ItemReader: {
    Resource: 'arn:aws:states:::s3:getObject',
    Arguments: { Bucket: bucket, Key: `conformance/${key}` },
    ReaderConfig: config,
  },
});
const failsOn = (...items: number[]) =>
  call({ error: 'Bad', unless: `{% $not($states.input in [${items.join(', ')}]) %}`, answer: '{% $states.input %}' });
const THRESHOLD: Outcome = {
  status: 'FAILED',
  error: 'States.ExceedToleratedFailureThreshold',
  cause: 'The specified tolerated failure threshold was exceeded',
};
const tolerated = (fields: JsonObject, ...bad: number[]): JsonObject => ({
  ...distributed(
    { ...fields, Items: [1, 2, 3, 4], Output: '{% $sum($states.result[$type($) = "number"]) %}' },
    failsOn(...bad),
  ),
});

const DISTRIBUTED: readonly Case[] = [
  {
    name: 'items come from a JSON array in S3, at a pointer',
    states: distributed(read('items.json', { InputType: 'JSON', ItemsPointer: '/deep/list' })),
    objects: { 'conformance/items.json': '{"deep":{"list":[1,2,3]}}' },
    expected: succeeded([1, 2, 3]),
  },
  {
    name: 'items come from JSON lines, at most MaxItems',
    states: distributed(read('items.jsonl', { InputType: 'JSONL', MaxItems: 2 })),
    objects: { 'conformance/items.jsonl': '{"a":1}\n{"a":2}\n{"a":3}\n' },
    expected: succeeded([{ a: 1 }, { a: 2 }]),
  },
  {
    name: 'items come from the rows of a CSV with a header',
    states: distributed(read('items.csv', { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' })),
    objects: { 'conformance/items.csv': 'name,size\n"a, b",5\nc,6\n' },
    expected: succeeded([
      { name: 'a, b', size: '5' },
      { name: 'c', size: '6' },
    ]),
  },
  {
    name: 'items come from the rows of a CSV under given headers, with another delimiter',
    states: distributed(
      read('items.txt', { InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders: ['x', 'y'], CSVDelimiter: 'PIPE' }),
    ),
    objects: { 'conformance/items.txt': '1|2\n3|4\n' },
    expected: succeeded([
      { x: '1', y: '2' },
      { x: '3', y: '4' },
    ]),
  },
  {
    name: 'items come from a listing',
    states: distributed({
      ItemReader: {
        Resource: 'arn:aws:states:::s3:listObjectsV2',
        Arguments: { Bucket: bucket, Prefix: 'conformance/listed/' },
      },
      ItemSelector: {
        key: '{% $states.context.Map.Item.Value.Key %}',
        size: '{% $states.context.Map.Item.Value.Size %}',
      },
    }),
    objects: { 'conformance/listed/a': 'xx', 'conformance/listed/b': 'x' },
    expected: succeeded([
      { key: 'conformance/listed/a', size: 2 },
      { key: 'conformance/listed/b', size: 1 },
    ]),
  },
  {
    name: 'an object that is not there is a States.ItemReaderFailed',
    states: {
      ...distributed({ ...read('nowhere.json', { InputType: 'JSON' }), ...catching('States.ItemReaderFailed') }),
      Caught: CAUGHT,
    },
    expected: succeeded('States.ItemReaderFailed'),
  },
  {
    name: 'a batch holds MaxItemsPerBatch items and the BatchInput',
    states: distributed({ Items: [1, 2, 3], ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { run: '{% 1 + 1 %}' } } }),
    expected: succeeded([
      { BatchInput: { run: 2 }, Items: [1, 2] },
      { BatchInput: { run: 2 }, Items: [3] },
    ]),
  },
  { name: 'no failure is tolerated unless told', states: tolerated({}, 2), expected: THRESHOLD },
  {
    name: 'as many failures are tolerated as ToleratedFailureCount says',
    states: tolerated({ ToleratedFailureCount: 1 }, 2),
    expected: succeeded(8),
  },
  {
    name: 'one more than ToleratedFailureCount is too many',
    states: tolerated({ ToleratedFailureCount: 1 }, 2, 3),
    expected: THRESHOLD,
  },
  {
    name: 'as many failures are tolerated as ToleratedFailurePercentage says',
    states: tolerated({ ToleratedFailurePercentage: 50 }, 2, 3),
    expected: succeeded(5),
  },
  {
    name: 'more than ToleratedFailurePercentage is too many',
    states: tolerated({ ToleratedFailurePercentage: 49 }, 2, 3),
    expected: THRESHOLD,
  },
  {
    name: 'results are written to S3, and the state answers where the manifest is',
    states: distributed({
      Items: [1, 2],
      ResultWriter: {
        Resource: 'arn:aws:states:::s3:putObject',
        Arguments: { Bucket: bucket, Prefix: 'conformance/out' },
      },
      Output:
        '{% $match($states.result.ResultWriterDetails.Key, /^conformance\\/out\\/[0-9a-f-]{36}\\/manifest.json$/).match != "" %}',
    }),
    expected: succeeded(true),
  },
];
const untilRedriven = (count: number, answer: Json): JsonObject =>
  call({ error: 'Broken', unless: `{% $states.context.Execution.RedriveCount >= ${count} %}`, answer });

const REDRIVE: readonly Case[] = [
  {
    name: 'a redriven execution goes on at the state that failed, with its variables',
    states: {
      A: { Type: 'Pass', Assign: { once: '{% $uuid() %}' }, Output: 'from A', Next: 'B' },
      B: {
        ...untilRedriven(1, { input: '{% $states.input %}', kept: '{% $exists($once) %}' }),
      },
    },
    redrives: 1,
    expected: succeeded({ input: 'from A', kept: true }),
  },
  {
    name: 'an execution can be redriven more than once',
    states: { A: untilRedriven(2, 'done') },
    redrives: 2,
    expected: succeeded('done'),
  },
  {
    name: 'a Fail state fails again',
    states: { A: { Type: 'Fail', Error: 'Planned' } },
    redrives: 1,
    expected: { status: 'FAILED', error: 'Planned' },
  },
  {
    name: 'branches that succeeded keep their output',
    states: {
      P: {
        Type: 'Parallel',
        Branches: [
          {
            StartAt: 'A',
            States: { A: { Type: 'Pass', Output: '{% $states.context.Execution.RedriveCount %}', End: true } },
          },
          { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 1, Next: 'B' }, B: untilRedriven(1, 'b') } },
        ],
        End: true,
      },
    },
    redrives: 1,
    expected: succeeded([0, 'b']),
  },
];

describe.each([
  ['tasks', TASKS],
  ['errors', ERRORS],
  ['task tokens', TOKENS],
  ['distributed Map', DISTRIBUTED],
  ['redrive', REDRIVE],
])('%s', (_, cases) => {
  it.each(cases)('$name', { timeout: 60_000 }, async ({ states, input = {}, expected, ...options }) => {
    const definition = { QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0] ?? '', States: states };
    expect(await driver.run(definition, input, options)).toEqual(expected);
  });
});
