import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  RedriveExecutionCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { conformanceFunction } from './conformance-function.ts';
import { createStatesEngine, type StatesEngine, type StatesEngineOptions } from './engine.ts';
import { StateFailure } from './errors.ts';
import type { HistoryEvent } from './history.ts';
import { createMemoryJournal } from './journal.ts';
import type { Json } from './json.ts';
import type { ExecutionEnd } from './nested.ts';
import type { ListedObject, ObjectStore, TaskIntegrations, TaskRequest } from './ports.ts';
import { VirtualTime } from './virtual-time.ts';

/** How a definition, run once with an input, ended. */
export interface Outcome {
  readonly status: string;
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
}

/** What stands around a definition under test. */
export interface Surroundings {
  /** The function of `conformance-function.ts`. */
  readonly functionArn: string;
  /** A bucket that the machine's role may read, list and write. */
  readonly bucket: string;
}

/** What can be done with an execution that waits for a task token. */
export interface WaitingTask {
  succeed(output: Json): Promise<void>;
  fail(error: string, cause: string): Promise<void>;
  heartbeat(): Promise<void>;
  /** Lets time pass. */
  elapse(seconds: number): Promise<void>;
}

export interface RunOptions {
  /** Objects that are in the bucket, by key. */
  readonly objects?: Readonly<Record<string, string>>;
  /** Called once a task waits. */
  readonly answer?: (task: WaitingTask) => Promise<void>;
  /** The execution is redriven as often after it has failed. */
  readonly redrives?: number;
}

/** What the conformance cases run on: this engine, or the service itself. */
export interface ConformanceDriver {
  readonly surroundings: Surroundings;
  run(definition: Json, input: Json, options?: RunOptions): Promise<Outcome>;
}

export const MACHINE_ARN = 'arn:aws:states:eu-west-1:123456789012:stateMachine:Machine';
export const START_MS = Date.UTC(2026, 0, 5, 8);

export function outcomeOf(end: ExecutionEnd): Outcome {
  const { status, output, error, cause } = end;
  return {
    status,
    ...(output === undefined ? {} : { output: JSON.parse(output) as Json }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  };
}

export type TaskHandler = (payload: Json, request: TaskRequest) => unknown;

/** Functions by name, called as Lambda would: `lambda:invoke` with FunctionName and Payload, or the function's ARN with the payload. */
export function lambdaIntegrations(functions: Readonly<Record<string, TaskHandler>>): TaskIntegrations {
  return {
    supports: (resource) => resource.service === 'lambda',
    async invokeTask(request) {
      const { functionArn } = request.resource;
      const { FunctionName, Payload = null } = request.arguments as { FunctionName?: string; Payload?: Json };
      const name = (functionArn ?? String(FunctionName)).split(':').at(-1) ?? '';
      const handler = functions[name];
      if (!handler) throw new StateFailure('Lambda.ResourceNotFoundException', `Function not found: ${name}`);
      if (functionArn !== undefined) return handler(request.arguments, request);
      return { ExecutedVersion: '$LATEST', Payload: await handler(Payload, request), StatusCode: 200 };
    },
  };
}

/** Objects in memory, by `bucket/key`. */
export class MemoryObjects implements ObjectStore {
  readonly contents = new Map<string, string>();

  async get(request: { readonly bucket: string; readonly key: string }): Promise<Uint8Array> {
    const content = this.contents.get(`${request.bucket}/${request.key}`);
    if (content === undefined) throw new Error('The specified key does not exist.');
    return Buffer.from(content);
  }

  async *list(request: { readonly bucket: string; readonly prefix?: string }): AsyncGenerator<ListedObject> {
    const prefix = `${request.bucket}/${request.prefix ?? ''}`;
    for (const path of [...this.contents.keys()].filter((candidate) => candidate.startsWith(prefix)).sort()) {
      const sizeBytes = Buffer.byteLength(this.contents.get(path) ?? '');
      const key = path.slice(request.bucket.length + 1);
      yield { key, sizeBytes, etag: '"e"', lastModifiedMs: START_MS + 900, storageClass: 'STANDARD' };
    }
  }

  async put(request: { readonly bucket: string; readonly key: string; readonly body: Uint8Array }): Promise<void> {
    this.contents.set(`${request.bucket}/${request.key}`, Buffer.from(request.body).toString());
  }
}

/** An engine on virtual time, with counted ids, a fixed random source and a journal in memory. */
export function createTestEngine(overrides: Partial<StatesEngineOptions> = {}) {
  const time = new VirtualTime(START_MS);
  const objects = new MemoryObjects();
  let ids = 0;
  const engine = createStatesEngine({
    clock: time,
    scheduler: time,
    ids: {
      uuid: () => {
        ids += 1;
        return `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`;
      },
    },
    random: { next: () => 0.5 },
    integrations: lambdaIntegrations({}),
    objects,
    journal: createMemoryJournal(),
    ...overrides,
  });
  return {
    engine,
    time,
    objects,
    start: (definition: Json, input: Json = {}) => startOn(engine, definition, input),
    async run(definition: Json, input: Json = {}): Promise<Outcome & { readonly events: readonly HistoryEvent[] }> {
      const arn = startOn(engine, definition, input);
      const end = await time.settle(engine.ended(arn));
      return { ...outcomeOf(end), events: engine.store.events(engine.store.get(arn).info) };
    },
  };
}

function startOn(engine: StatesEngine, definition: Json, input: Json): string {
  engine.addStateMachine({
    arn: MACHINE_ARN,
    name: 'Machine',
    type: 'STANDARD',
    definition,
    roleArn: 'arn:aws:iam::123456789012:role/machine',
  });
  return engine.startExecution({ stateMachineArn: MACHINE_ARN, input: JSON.stringify(input) }).executionArn;
}

const LOCAL: Surroundings = {
  functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:conformance',
  bucket: 'conformance',
};

export function localDriver(): ConformanceDriver {
  return {
    surroundings: LOCAL,
    async run(definition, input, { objects = {}, answer, redrives = 0 } = {}) {
      const test = createTestEngine({
        // Errors as the Lambda service shapes them; a function that sleeps does so on virtual time.
        integrations: lambdaIntegrations({
          conformance: async (payload) => {
            try {
              return await conformanceFunction((ms) => new Promise((resolve) => test.time.after(ms, () => resolve())))(
                payload,
              );
            } catch (error) {
              const { name, message } = error as Error;
              throw new StateFailure(name, JSON.stringify({ errorType: name, errorMessage: message }));
            }
          },
        }),
      });
      const { engine, time } = test;
      for (const [key, body] of Object.entries(objects)) test.objects.contents.set(`${LOCAL.bucket}/${key}`, body);
      const arn = test.start(definition, input);
      if (answer) {
        await time.idle();
        await answer(localTask(test, tokenIn(engine.store.events(engine.store.get(arn).info))));
      }
      await time.settle(engine.ended(arn));
      for (let count = 0; count < redrives; count += 1) {
        engine.redriveExecution({ executionArn: arn });
        await time.settle(engine.ended(arn));
      }
      return outcomeOf(await engine.ended(arn));
    },
  };
}

function localTask({ engine, time }: ReturnType<typeof createTestEngine>, token: string): WaitingTask {
  return {
    succeed: async (output) => engine.tokens.succeed(token, JSON.stringify(output)),
    fail: async (error, cause) => engine.tokens.fail(token, error, cause),
    heartbeat: async () => engine.tokens.heartbeat(token),
    elapse: (seconds) => time.advance(seconds * 1000),
  };
}

/** The token that the task was scheduled with, which the cases hand over as the argument's `Payload.token`. */
function tokenIn(
  events: readonly { readonly type?: string | undefined; readonly details?: HistoryEvent['details'] }[],
): string {
  const scheduled = events.find(({ type }) => type === 'TaskScheduled');
  return JSON.parse(String(scheduled?.details?.['parameters'])).Payload.token;
}

/**
 * Runs each case on the real service, with the credentials of the environment. The function is that of `conformance-function.ts`; the
 * role may be assumed by Step Functions, invoke the function, use the bucket's objects and start executions.
 */
export function remoteDriver(surroundings: Surroundings, roleArn: string): ConformanceDriver {
  const states = new SFNClient();
  const s3 = new S3Client();
  return {
    surroundings,
    async run(definition, input, { objects = {}, answer, redrives = 0 } = {}) {
      for (const [key, body] of Object.entries(objects))
        await s3.send(new PutObjectCommand({ Bucket: surroundings.bucket, Key: key, Body: body }));
      const name = `kindred-conformance-${crypto.randomUUID()}`;
      const { stateMachineArn } = await states.send(
        new CreateStateMachineCommand({ name, definition: JSON.stringify(definition), roleArn }),
      );
      try {
        const { executionArn } = await states.send(
          new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
        );
        if (answer) await answer(remoteTask(states, await remoteToken(states, executionArn)));
        let outcome = await remoteOutcome(states, executionArn);
        for (let count = 0; count < redrives; count += 1) {
          await states.send(new RedriveExecutionCommand({ executionArn }));
          outcome = await remoteOutcome(states, executionArn);
        }
        return outcome;
      } finally {
        await states.send(new DeleteStateMachineCommand({ stateMachineArn }));
      }
    },
  };
}

const POLL_MS = 500;

async function remoteOutcome(states: SFNClient, executionArn: string | undefined): Promise<Outcome> {
  for (;;) {
    const { status = '', output, error, cause } = await states.send(new DescribeExecutionCommand({ executionArn }));
    if (status !== 'RUNNING') {
      return {
        status,
        ...(output === undefined ? {} : { output: JSON.parse(output) as Json }),
        ...(error === undefined ? {} : { error }),
        ...(cause === undefined ? {} : { cause }),
      };
    }
    await sleep(POLL_MS);
  }
}

async function remoteToken(states: SFNClient, executionArn: string | undefined): Promise<string> {
  for (;;) {
    const { events = [] } = await states.send(new GetExecutionHistoryCommand({ executionArn }));
    if (events.some(({ type }) => type === 'TaskSubmitted')) {
      return tokenIn(
        events.map(({ type, taskScheduledEventDetails }) => ({ type, details: { ...taskScheduledEventDetails } })),
      );
    }
    await sleep(POLL_MS);
  }
}

function remoteTask(states: SFNClient, taskToken: string): WaitingTask {
  return {
    async succeed(output) {
      await states.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }));
    },
    async fail(error, cause) {
      await states.send(new SendTaskFailureCommand({ taskToken, error, cause }));
    },
    async heartbeat() {
      await states.send(new SendTaskHeartbeatCommand({ taskToken }));
    },
    elapse: (seconds) => sleep(seconds * 1000),
  };
}

/** By `REMOTE=1` the real service, else this engine. */
export function conformanceDriver(): ConformanceDriver {
  if (process.env['REMOTE'] !== '1') return localDriver();
  const {
    KINDRED_STATES_ROLE_ARN: roleArn,
    KINDRED_STATES_FUNCTION_ARN: functionArn,
    KINDRED_STATES_BUCKET: bucket,
  } = process.env;
  if (roleArn === undefined || functionArn === undefined || bucket === undefined) {
    throw new TypeError(
      'REMOTE=1 needs KINDRED_STATES_ROLE_ARN, KINDRED_STATES_FUNCTION_ARN and KINDRED_STATES_BUCKET; see local/states/conformance-drivers.ts.',
    );
  }
  return remoteDriver({ functionArn, bucket }, roleArn);
}
