import { describe, expect, it } from 'vitest';
import { createTestEngine, lambdaIntegrations, START_MS, type TaskHandler } from './conformance-drivers.ts';
import { StateFailure } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import type { ProgressEvent } from './ports.ts';

/** Distributed Maps on virtual time. Oracles: the developer guide, and histories and outputs recorded from the service. */

const IDENTITY: JsonObject = { Type: 'Pass', Output: '{% $states.input %}', End: true };
const CALL: JsonObject = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'f', Payload: '{% $states.input %}' },
  Output: '{% $states.result.Payload %}',
  End: true,
};

function distributed(fields: JsonObject, each: JsonObject = IDENTITY): JsonObject {
  return {
    QueryLanguage: 'JSONata',
    StartAt: 'M',
    States: {
      M: {
        Type: 'Map',
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Each',
          States: { Each: each },
        },
        Label: 'label',
        End: true,
        ...fields,
      },
    },
  };
}

const reader = (
  config: JsonObject,
  args: JsonObject = { Bucket: 'b', Key: 'k' },
  action = 'getObject',
): JsonObject => ({
  ItemReader: { Resource: `arn:aws:states:::s3:${action}`, Arguments: args, ReaderConfig: config },
});

async function read(config: JsonObject, contents: Record<string, string>, args?: JsonObject, action?: string) {
  const { run, objects } = createTestEngine();
  for (const [key, content] of Object.entries(contents)) objects.contents.set(`b/${key}`, content);
  return run(distributed(reader(config, args, action)));
}

describe('items', () => {
  it('come from the input, each to a child execution of its own', async () => {
    const { run, engine } = createTestEngine();
    const outcome = await run(distributed({}), [1, 'two']);
    expect(outcome.output).toEqual([1, 'two']);
    expect(outcome.events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapStateStarted',
      'MapRunStarted',
      'MapRunSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
    const mapRun = engine.store.mapRuns(() => true)[0];
    expect(mapRun?.arn).toMatch(/^arn:aws:states:eu-west-1:123456789012:mapRun:Machine\/label:[0-9a-f-]{36}$/);
    expect(engine.store.mapRunCounts(mapRun?.arn ?? '').items).toMatchObject({
      total: 2,
      succeeded: 2,
      failed: 0,
      pending: 0,
      running: 0,
    });
    const children = engine.store.list(({ info }) => info.mapRunArn === mapRun?.arn);
    expect(children.map(({ info, end }) => [info.input, end?.output])).toEqual([
      ['"two"', '"two"'],
      ['1', '1'],
    ]);
    expect(children[0]?.info.arn).toMatch(/^arn:aws:states:eu-west-1:123456789012:execution:Machine\/label:/);
  });

  it('come from a JSON array, at an ItemsPointer, at most MaxItems', async () => {
    const content = { k: '{"data":{"list":[1,2,3]}}' };
    expect((await read({ InputType: 'JSON', ItemsPointer: '/data/list', MaxItems: 2 }, content)).output).toEqual([
      1, 2,
    ]);
    const outcome = await read({ InputType: 'JSON' }, content);
    expect([outcome.error, outcome.cause]).toEqual([
      'States.ItemReaderFailed',
      'Attempting to map over non-iterable node.',
    ]);
    expect(outcome.events.slice(-3).map(({ type }) => type)).toEqual([
      'MapRunFailed',
      'MapStateFailed',
      'ExecutionFailed',
    ]);
  });

  it('come from JSON lines', async () => {
    expect((await read({ InputType: 'JSONL' }, { k: '{"a":1}\n\n{"a":2}\n' })).output).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('come from CSV rows: strings, extra fields dropped, missing ones empty', async () => {
    const rows = 'H1,H2\nValue1,"x, y",extra\nValue4\n';
    expect((await read({ InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' }, { k: rows })).output).toEqual([
      { H1: 'Value1', H2: 'x, y' },
      { H1: 'Value4', H2: '' },
    ]);
    const given = { InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders: ['a'], CSVDelimiter: 'PIPE' };
    expect((await read(given, { k: '1|2\n' })).output).toEqual([{ a: '1' }]);
  });

  it('come from a listing of objects', async () => {
    const outcome = await read(
      {},
      { 'in/x': '12', 'in/y': '1', other: '' },
      { Bucket: 'b', Prefix: 'in/' },
      'listObjectsV2',
    );
    const listed = (Key: string, Size: number) => ({
      Etag: '"e"',
      LastModified: START_MS / 1000,
      Key,
      Size,
      StorageClass: 'STANDARD',
    });
    expect(outcome.output).toEqual([listed('in/x', 2), listed('in/y', 1)]);
    const flat = { InputType: 'JSON', Transformation: 'LOAD_AND_FLATTEN' };
    expect(
      (await read(flat, { 'in/x': '[1,2]', 'in/y': '[3]' }, { Bucket: 'b', Prefix: 'in/' }, 'listObjectsV2')).output,
    ).toEqual([1, 2, 3]);
  });

  it('come from an S3 inventory', async () => {
    const manifest = {
      destinationBucket: 'arn:aws:s3:::b',
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key, Size',
      files: [{ key: 'data.csv' }],
    };
    const outcome = await read(
      { InputType: 'MANIFEST' },
      { k: JSON.stringify(manifest), 'data.csv': '"src","a.txt","5"\n' },
    );
    expect(outcome.output).toEqual([{ Bucket: 'src', Key: 'a.txt', Size: '5' }]);
  });

  it('that are missing or broken are a States.ItemReaderFailed that does not quote them', async () => {
    expect(await read({ InputType: 'JSON' }, {})).toMatchObject({
      error: 'States.ItemReaderFailed',
      cause: 'The specified key does not exist.',
    });
    const broken = await read({ InputType: 'JSON' }, { k: '[secret' });
    expect(broken.cause).toBe('The object, or a line of it, is not a JSON text.');
  });

  it('are shaped by ItemSelector and know their source', async () => {
    const { run, objects } = createTestEngine();
    objects.contents.set('b/k', '["a"]');
    const selector = { from: '{% $states.context.Map.Item.Source %}', value: '{% $states.context.Map.Item.Value %}' };
    expect((await run(distributed({ ...reader({ InputType: 'JSON' }), ItemSelector: selector }))).output).toEqual([
      { from: 'S3://b/k', value: 'a' },
    ]);
    expect((await createTestEngine().run(distributed({ ItemSelector: selector }), ['a'])).output).toEqual([
      { from: 'STATE_DATA', value: 'a' },
    ]);
  });
});

describe('batches', () => {
  const batched = async (batcher: JsonObject, items: Json) =>
    (await createTestEngine().run(distributed({ ItemBatcher: batcher }), items)).output;

  it('hold MaxItemsPerBatch items, with the BatchInput', async () => {
    expect(await batched({ MaxItemsPerBatch: 2, BatchInput: { run: '{% 1 + 1 %}' } }, [1, 2, 3])).toEqual([
      { BatchInput: { run: 2 }, Items: [1, 2] },
      { BatchInput: { run: 2 }, Items: [3] },
    ]);
  });

  it('hold no more bytes than MaxInputBytesPerBatch', async () => {
    // {"Items":["aa","bb"]} is 21 bytes, {"Items":["aa","bb","cc"]} is 26.
    expect(await batched({ MaxInputBytesPerBatch: 25 }, ['aa', 'bb', 'cc'])).toEqual([
      { Items: ['aa', 'bb'] },
      { Items: ['cc'] },
    ]);
    expect(await batched({ MaxInputBytesPerBatch: 26 }, ['aa', 'bb', 'cc'])).toEqual([{ Items: ['aa', 'bb', 'cc'] }]);
  });
});

describe('failures', () => {
  const failOn =
    (...bad: number[]): TaskHandler =>
    (payload) => {
      if (bad.includes(payload as number)) throw new StateFailure('Bad', `item ${payload}`);
      return payload;
    };
  const run = (handler: TaskHandler, fields: JsonObject, items: Json = [1, 2, 3, 4]) => {
    const test = createTestEngine({ integrations: lambdaIntegrations({ f: handler }) });
    return test.run(distributed(fields, CALL), items).then((outcome) => ({ ...outcome, ...test }));
  };

  it('are not tolerated by default', async () => {
    const { error, cause, engine } = await run(failOn(2), { MaxConcurrency: 1 });
    expect([error, cause]).toEqual([
      'States.ExceedToleratedFailureThreshold',
      'The specified tolerated failure threshold was exceeded',
    ]);
    const [mapRun] = engine.store.mapRuns(() => true);
    expect(mapRun?.status).toBe('FAILED');
    expect(engine.store.mapRunCounts(mapRun?.arn ?? '').executions).toMatchObject({
      succeeded: 1,
      failed: 1,
      pending: 2,
      total: 4,
    });
  });

  it('are tolerated up to a count, or up to a percentage', async () => {
    expect((await run(failOn(2), { ToleratedFailureCount: 1 })).status).toBe('SUCCEEDED');
    expect((await run(failOn(2, 3), { ToleratedFailureCount: 1 })).status).toBe('FAILED');
    expect((await run(failOn(2), { ToleratedFailurePercentage: 25 })).status).toBe('SUCCEEDED');
    expect((await run(failOn(2), { ToleratedFailurePercentage: 24.9 })).status).toBe('FAILED');
    expect((await run(failOn(2), { ToleratedFailureCount: 3, ToleratedFailurePercentage: 10 })).status).toBe('FAILED');
  });

  it('that are tolerated stand in the results with their metadata', async () => {
    const { output } = await run(failOn(2), { ToleratedFailureCount: 1 }, [1, 2]);
    expect(output).toMatchObject([1, { Status: 'FAILED', Error: 'Bad', Cause: 'item 2', Input: '2' }]);
  });

  it('abort the children that still run, and Catch sees the error', async () => {
    const handler: TaskHandler = (payload) =>
      payload === 1 ? new Promise(() => {}) : failOn(2)(payload, undefined as never);
    const machine = distributed(
      { Catch: [{ ErrorEquals: ['States.ExceedToleratedFailureThreshold'], Next: 'Caught' }] },
      CALL,
    ) as { States: JsonObject };
    const test = createTestEngine({ integrations: lambdaIntegrations({ f: handler }) });
    const outcome = await test.run(
      { ...machine, States: { ...machine.States, Caught: { Type: 'Succeed', Output: 'caught' } } },
      [1, 2],
    );
    expect(outcome.output).toBe('caught');
    const [mapRun] = test.engine.store.mapRuns(() => true);
    expect(test.engine.store.mapRunCounts(mapRun?.arn ?? '').executions).toMatchObject({ aborted: 1, failed: 1 });
  });
});

describe('children', () => {
  it('run at most MaxConcurrency at a time, and progress is told', async () => {
    const progress: ProgressEvent[] = [];
    let running = 0;
    let most = 0;
    const test = createTestEngine({
      onProgress: (event) => progress.push(event),
      integrations: lambdaIntegrations({
        f: async (payload) => {
          running += 1;
          most = Math.max(most, running);
          await new Promise<void>((resolve) => test.time.after(100, resolve));
          running -= 1;
          return payload;
        },
      }),
    });
    await test.run(distributed({ MaxConcurrency: 3 }, CALL), [1, 2, 3, 4, 5, 6, 7]);
    expect([most, test.time.nowMs() - START_MS]).toEqual([3, 300]);
    expect(
      progress.filter(({ kind }) => kind === 'items').map(({ doneItems, totalItems }) => [doneItems, totalItems]),
    ).toEqual([1, 2, 3, 4, 5, 6, 7].map((done) => [done, 7]));
  });

  it('start with no variables, and with a context of their own', async () => {
    const machine = distributed(
      {},
      { ...IDENTITY, Output: '{% [$states.context.Execution.Input, $exists($states.context.Map), $exists($outer)] %}' },
    );
    expect((await createTestEngine().run(machine, ['a'])).output).toEqual([['a', false, false]]);
  });

  it('end when their execution is stopped', async () => {
    const test = createTestEngine({ integrations: lambdaIntegrations({ f: () => new Promise(() => {}) }) });
    const arn = test.start(distributed({}, CALL), [1, 2]);
    await test.time.idle();
    test.engine.stopExecution({ executionArn: arn, error: 'Enough' });
    await test.time.idle();
    expect(test.engine.store.list(() => true).map(({ end }) => end?.status)).toEqual(['ABORTED', 'ABORTED', 'ABORTED']);
    expect(test.engine.store.mapRuns(() => true)[0]?.status).toBe('ABORTED');
  });
});

describe('results', () => {
  const destination = { Resource: 'arn:aws:states:::s3:putObject', Arguments: { Bucket: 'out', Prefix: 'jobs' } };

  it('are exported with a manifest', async () => {
    const { run, objects } = createTestEngine();
    const { output } = await run(distributed({ ResultWriter: destination }), ['x', 'y']);
    const { MapRunArn, ResultWriterDetails } = output as {
      MapRunArn: string;
      ResultWriterDetails: { Bucket: string; Key: string };
    };
    const id = MapRunArn.split(':').at(-1);
    expect(ResultWriterDetails).toEqual({ Bucket: 'out', Key: `jobs/${id}/manifest.json` });
    const succeeded = objects.contents.get(`out/jobs/${id}/SUCCEEDED_0.json`) ?? '';
    expect(JSON.parse(objects.contents.get(`out/jobs/${id}/manifest.json`) ?? '')).toEqual({
      DestinationBucket: 'out',
      MapRunArn,
      ResultFiles: {
        FAILED: [],
        PENDING: [],
        SUCCEEDED: [{ Key: `jobs/${id}/SUCCEEDED_0.json`, Size: succeeded.length }],
      },
    });
    expect(JSON.parse(succeeded)).toMatchObject([
      { Input: '"x"', Output: '"x"', Status: 'SUCCEEDED', InputDetails: { Included: true } },
      { Input: '"y"', Output: '"y"', Status: 'SUCCEEDED' },
    ]);
  });

  it('are compacted or flattened, as JSON lines', async () => {
    const { run, objects } = createTestEngine();
    await run(
      distributed({
        ResultWriter: { ...destination, WriterConfig: { Transformation: 'FLATTEN', OutputType: 'JSONL' } },
      }),
      [[1, 2], 3],
    );
    const [key] = [...objects.contents.keys()].filter((path) => path.endsWith('SUCCEEDED_0.jsonl'));
    expect(objects.contents.get(key ?? '')).toBe('1\n2\n3\n');
    const inOutput = distributed({ ResultWriter: { WriterConfig: { Transformation: 'FLATTEN', OutputType: 'JSON' } } });
    expect((await createTestEngine().run(inOutput, [[1, 2], 3])).output).toEqual([1, 2, 3]);
  });

  it('that cannot be written are a States.ResultWriterFailed', async () => {
    const test = createTestEngine();
    test.objects.put = () => Promise.reject(new Error('Access Denied'));
    expect(await test.run(distributed({ ResultWriter: destination }), [1])).toMatchObject({
      error: 'States.ResultWriterFailed',
      cause: 'Access Denied',
    });
  });
});
