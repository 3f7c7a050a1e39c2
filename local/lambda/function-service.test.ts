import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PendingWork } from '../pending-work.ts';
import type { DeadLetter } from '../sqs/dead-letter-queues.ts';
import type { FunctionDefinition } from './function-definition.ts';
import { FunctionService, type FunctionServiceOptions, type PendingEvent } from './function-service.ts';
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
    case 'hold': { globalThis.held = Buffer.alloc(event.megabytes * 1024 * 1024, 1); return globalThis.held.length; }
    case 'hold on': { globalThis.held = Buffer.alloc(event.megabytes * 1024 * 1024, 1); return new Promise(() => setInterval(() => {}, 1000)); }
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
        roleArn: 'arn:role',
        logGroup: '/aws/lambda/shop-do',
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

  it.runIf(process.platform === 'linux')(
    'kills a function that holds more memory than it may, buffers outside the heap too',
    async () => {
      const service = start({ memoryMb: 192 });
      expect((await call(service, { do: 'hold', megabytes: 60 })).payload).toBe(60 * 1024 * 1024);
      const killed = {
        errorType: 'Runtime.ExitError',
        errorMessage: 'RequestId: request-1 Error: Runtime exited with error: signal: killed',
      };
      // While it works, and when it answers at once.
      expect(await call(service, { do: 'hold on', megabytes: 192 })).toEqual({
        functionError: 'Unhandled',
        payload: killed,
      });
      expect((await call(service, { do: 'hold', megabytes: 192 })).payload).toEqual(killed);
      expect((await call(service, { do: 'echo' })).functionError).toBeUndefined();
      const log = () => readFile(join(folder, 'out.log'), 'utf8');
      await expect
        .poll(log)
        .toMatch(/REPORT RequestId: request-1 Memory Size: 192 MB Max Memory Used: \d+ MB .*OutOfMemory/);
    },
  );

  it('answers what keeps a bundle from loading', async () => {
    expect((await call(start({ handler: 'index.missing' }), {})).payload).toMatchObject({
      errorType: 'Runtime.HandlerNotFound',
      errorMessage: 'index.missing is undefined or not exported',
    });
    expect((await call(start({ handler: 'absent.handler' }), {})).payload.errorType).toBe('Runtime.ImportModuleError');
  });
});

const START_MS = Date.parse('2026-01-01T00:00:00Z');

/** A service in a world whose clock stands still but for `ring`, which waits for the next timer to be set and lets its time come. */
function world(definition: Partial<FunctionDefinition>, pending = new PendingWork<PendingEvent>()) {
  const queued: (DeadLetter & { roleArn: string })[] = [];
  const attempts: { id: string; event: unknown; failed: boolean }[] = [];
  const lost: string[] = [];
  const timers: { dueMs: number; action: () => void }[] = [];
  let changed = () => {};
  let nowMs = START_MS;
  let ids = 0;
  const service = start(definition, {
    pending,
    uuid: () => `request-${ids++}`,
    clock: () => nowMs,
    after: (delayMs, action) => {
      timers.push({ dueMs: nowMs + delayMs, action });
      changed();
      return () => {};
    },
    sendToQueue: async (message, roleArn) => {
      queued.push({ ...message, roleArn });
    },
    onInvocation: ({ requestId, event, error }) => {
      attempts.push({ id: requestId, event, failed: error !== undefined });
      setImmediate(() => changed());
    },
    onLostEvent: (_, { errorMessage }) => lost.push(errorMessage),
  });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    }
  };
  const ring = async (): Promise<number> => {
    await until(() => timers.length > 0);
    const { dueMs, action } = timers.shift()!;
    nowMs = dueMs;
    action();
    return dueMs - START_MS;
  };
  const advance = (durationMs: number) => {
    nowMs += durationMs;
  };
  return { service, pending, queued, attempts, lost, until, ring, advance };
}
const event = (what: string) => JSON.stringify({ do: what });

describe('functions, invoked as events', () => {
  it('tries a failed event again after one minute and after two more, then sends it to its queues', async () => {
    const { service, ring, queued, until, pending } = world({
      deadLetterArn: 'arn:dlq',
      failureDestinationArn: 'arn:destination',
    });
    service.invokeAsync('shop-do', event('throw'));
    expect([await ring(), await ring()]).toEqual([60_000, 180_000]);
    await until(() => pending.entries().length === 0);
    expect(queued[0]).toEqual({
      queueArn: 'arn:dlq',
      roleArn: 'arn:role',
      body: '{"do":"throw"}',
      attributes: { RequestID: 'request-0', ErrorCode: '200', ErrorMessage: 'too much' },
    });
    expect(JSON.parse(queued[1]!.body)).toMatchObject({
      version: '1.0',
      timestamp: '2026-01-01T00:03:00.000Z',
      requestContext: { requestId: 'request-0', condition: 'RetriesExhausted', approximateInvokeCount: 3 },
      requestPayload: { do: 'throw' },
      responsePayload: { errorType: 'CustomRangeError' },
    });
  });

  it('gives up an event that would be too old by its next attempt, and tells why', async () => {
    const { service, ring, queued, until, pending } = world({
      failureDestinationArn: 'arn:destination',
      maxEventAgeMs: 179_999,
    });
    service.invokeAsync('shop-do', event('throw'));
    expect(await ring()).toBe(60_000);
    await until(() => pending.entries().length === 0);
    expect(JSON.parse(queued[0]!.body).requestContext).toMatchObject({
      condition: 'EventAgeExceeded',
      approximateInvokeCount: 2,
    });
  });

  it('tries as often as the function says, and tells of an event without a queue to go to', async () => {
    const { service, attempts, lost, until, pending } = world({ retryAttempts: 0 });
    service.invokeAsync('shop-do', event('throw'));
    await until(() => pending.entries().length === 0);
    expect([attempts.length, lost]).toEqual([1, ['too much']]);
  });

  it('goes on after the death of the process: with the attempt that was cut off, and with a retry when it is due', async () => {
    const pending = new PendingWork<PendingEvent>();
    const first = world({}, pending);
    first.service.invokeAsync('shop-do', event('throw'));
    await first.until(() => pending.get('request-0')?.failures === 1);
    first.service.invokeAsync('shop-do', event('hang'));
    // Killed: its process is stopped in the middle of the second event's attempt, half a minute before the first one's retry is due.
    await first.service.close();
    expect(first.attempts.filter(({ id }) => id === 'request-1')).toMatchObject([{ failed: true }]);
    pending.put('request-1', { ...pending.get('request-1')!, payload: event('echo') });

    const second = world({}, pending);
    second.advance(30_000);
    second.service.resume();
    await second.until(() => pending.get('request-1') === undefined);
    expect(second.attempts).toEqual([{ id: 'request-1', event: { do: 'echo' }, failed: false }]);
    expect([await second.ring(), await second.ring()]).toEqual([60_000, 180_000]);
    await second.until(() => pending.entries().length === 0);
    expect(second.lost).toEqual(['too much']);
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
