import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PendingWork } from '../pending-work.ts';
import type { FunctionDefinition } from './function-definition.ts';
import { FunctionService, type FunctionServiceOptions } from './function-service.ts';
import { ProcessPool } from './process-pool.ts';

/** One bundle for all cases: the event says what to do. */
const BUNDLE = `
import { randomUUID } from 'node:crypto';
const processId = randomUUID();
let running = 0;
export const handler = async (event, context) => {
  switch (event.do) {
    case 'echo': return { event, processId };
    case 'describe': return { names: Object.keys(process.env).sort(), own: process.env.OWN, cwd: process.cwd(), context, remainingMs: context.getRemainingTimeInMillis() };
    case 'nothing': return;
    case 'throw': { const error = new RangeError('too much'); error.name = 'CustomRangeError'; throw error; }
    case 'throw text': throw 'just text';
    case 'hang': return new Promise(() => setInterval(() => {}, 1000));
    case 'exit': process.exit(7);
    case 'large': return 'x'.repeat(event.bytes);
    case 'log': console.log('a line'); console.error('an error line'); return;
    case 'overlap': { running += 1; const seen = running; await new Promise((resolve) => setImmediate(resolve)); running -= 1; return { seen, processId }; }
  }
};
`;

let folder: string;
const services: FunctionService[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindred-lambda-'));
  await writeFile(join(folder, 'index.mjs'), BUNDLE);
});

afterAll(async () => {
  await Promise.all(services.map((service) => service.close()));
  await rm(folder, { recursive: true });
});

function start(
  definition: Partial<FunctionDefinition> = {},
  options: Partial<FunctionServiceOptions> = {},
): FunctionService {
  const log = createWriteStream(join(folder, 'out.log'), { flags: 'a' });
  const pool = new ProcessPool({ compileCacheFolder: join(folder, 'cache'), maxIdleProcesses: 4, logOf: () => log });
  const service = new FunctionService({
    functions: [
      {
        name: 'shop-do',
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:shop-do',
        title: 'do',
        folder,
        handler: 'index.handler',
        memoryMb: 128,
        timeoutMs: 10_000,
        environment: { OWN: 'value', AWS_LAMBDA_FUNCTION_NAME: 'shop-do', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128' },
        concurrency: 1,
        retryAttempts: 2,
        maxEventAgeMs: 21_600_000,
        ...definition,
      },
    ],
    pool,
    pending: new PendingWork(),
    uuid: () => 'request-1',
    clock: () => 0,
    after: () => () => {},
    sendToQueue: async () => {},
    onLostEvent: () => {},
    ...options,
  });
  services.push(service);
  return service;
}

const call = async (service: FunctionService, event: object) => {
  const { functionError, payload } = await service.invoke('shop-do', JSON.stringify(event));
  return { functionError, payload: JSON.parse(payload) };
};

describe('functions, invoked', () => {
  it('gives a function its own environment and context, and nothing of this process', async () => {
    process.env['SECRET_OF_THE_PARENT'] = 'x';
    const { payload } = await call(start(), { do: 'describe' });
    expect(payload.own).toBe('value');
    expect(payload.names).toContain('AWS_LAMBDA_FUNCTION_NAME');
    expect(payload.names).not.toContain('SECRET_OF_THE_PARENT');
    expect(payload.names).not.toContain('HOME');
    expect(payload.context).toMatchObject({
      awsRequestId: 'request-1',
      functionName: 'shop-do',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:shop-do',
      memoryLimitInMB: '128',
    });
    expect(payload.remainingMs).toBeGreaterThan(5_000);
    expect(payload.remainingMs).toBeLessThanOrEqual(10_000);
  });

  it('keeps a process warm, takes one event at a time, and shapes errors as Lambda does', async () => {
    const service = start();
    const first = await call(service, { do: 'echo', n: 1 });
    const overlapping = await Promise.all([1, 2, 3].map(() => call(service, { do: 'overlap' })));
    expect(overlapping.map(({ payload }) => payload)).toEqual(
      Array(3).fill({ seen: 1, processId: first.payload.processId }),
    );
    expect(first.payload.event).toEqual({ do: 'echo', n: 1 });
    expect(await call(service, { do: 'nothing' })).toEqual({ functionError: undefined, payload: null });

    const failed = await call(service, { do: 'throw' });
    expect(failed).toMatchObject({
      functionError: 'Unhandled',
      payload: { errorType: 'CustomRangeError', errorMessage: 'too much' },
    });
    expect(failed.payload.trace[0]).toBe('CustomRangeError: too much');
    expect((await call(service, { do: 'throw text' })).payload).toEqual({
      errorType: 'string',
      errorMessage: 'just text',
      trace: [],
    });

    const large = await call(service, { do: 'large', bytes: 6_291_556 });
    expect(large.payload.errorType).toBe('Function.ResponseSizeTooLarge');
    expect((await call(service, { do: 'large', bytes: 6_291_554 })).functionError).toBeUndefined();
    await expect(service.invoke('shop-do', JSON.stringify('x'.repeat(6_291_556)))).rejects.toMatchObject({
      code: 'RequestTooLargeException',
    });
    await expect(service.invoke('nobody', '{}')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });

    await call(service, { do: 'log' });
    const exited = await call(service, { do: 'exit' });
    expect(exited.payload).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: 'Error: Runtime exited with error: exit status 7',
    });
    const after = await call(service, { do: 'echo' });
    expect(after.payload.processId).not.toBe(first.payload.processId);
    expect(await readFile(join(folder, 'out.log'), 'utf8')).toMatch(/a line\n|an error line\n/);
  });

  it('kills a function at its timeout', async () => {
    const { payload } = await call(start({ timeoutMs: 50 }), { do: 'hang' });
    expect(payload).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: 'RequestId: request-1 Error: Task timed out after 0.05 seconds',
    });
  });

  it('answers what keeps a bundle from loading', async () => {
    expect((await call(start({ handler: 'index.missing' }), {})).payload).toMatchObject({
      errorType: 'Runtime.HandlerNotFound',
      errorMessage: 'index.missing is undefined or not exported',
    });
    expect((await call(start({ handler: 'absent.handler' }), {})).payload.errorType).toBe('Runtime.ImportModuleError');
  });
});

describe('functions, invoked as events', () => {
  it('tries a failed event again after one minute and after two more, then sends it to its queues', async () => {
    const delaysMs: number[] = [];
    const given = Promise.withResolvers<void>();
    const queued: { queue: string; body: string; attributes: object }[] = [];
    const service = start(
      { deadLetterArn: 'arn:dlq', failureDestinationArn: 'arn:destination' },
      {
        after: (delayMs, action) => {
          delaysMs.push(delayMs);
          setImmediate(action);
          return () => {};
        },
        sendToQueue: async (queue, body, attributes) => {
          queued.push({ queue, body, attributes });
          if (queued.length === 2) given.resolve();
        },
      },
    );
    service.invokeAsync('shop-do', JSON.stringify({ do: 'throw' }));
    await given.promise;
    expect(delaysMs).toEqual([60_000, 120_000]);
    expect(queued[0]).toEqual({
      queue: 'arn:dlq',
      body: '{"do":"throw"}',
      attributes: { RequestID: 'request-1', ErrorCode: '200', ErrorMessage: 'too much' },
    });
    expect(JSON.parse(queued[1]!.body)).toMatchObject({
      version: '1.0',
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
      requestPayload: { do: 'throw' },
      responsePayload: { errorType: 'CustomRangeError' },
    });
  });
});

it('stops while it warms up, and leaves no process', async () => {
  const service = start({ handler: 'index.handler' });
  const warming = service.warm();
  await service.close();
  await warming;
  const { functionError, payload } = await service.invoke('shop-do', '{}');
  expect(functionError).toBe('Unhandled');
  expect(JSON.parse(payload).errorMessage).toBe('Error: The embedded cloud stopped before the function was called');
});
