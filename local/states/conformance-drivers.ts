import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
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

/** What the conformance cases run on: this engine, or the service itself. */
export interface ConformanceDriver {
  run(definition: Json, input: Json): Promise<Outcome>;
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

export function localDriver(): ConformanceDriver {
  return {
    async run(definition, input) {
      const { events: _, ...outcome } = await createTestEngine().run(definition, input);
      return outcome;
    },
  };
}

/** Runs each case on the real service, with the credentials of the environment and a role that Step Functions may assume. */
export function remoteDriver(roleArn: string): ConformanceDriver {
  const client = new SFNClient();
  return {
    async run(definition, input) {
      const name = `kindred-conformance-${crypto.randomUUID()}`;
      const { stateMachineArn } = await client.send(
        new CreateStateMachineCommand({ name, definition: JSON.stringify(definition), roleArn }),
      );
      try {
        const { executionArn } = await client.send(
          new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
        );
        for (;;) {
          const {
            status = '',
            output,
            error,
            cause,
          } = await client.send(new DescribeExecutionCommand({ executionArn }));
          if (status !== 'RUNNING') {
            return {
              status,
              ...(output === undefined ? {} : { output: JSON.parse(output) as Json }),
              ...(error === undefined ? {} : { error }),
              ...(cause === undefined ? {} : { cause }),
            };
          }
          await sleep(500);
        }
      } finally {
        await client.send(new DeleteStateMachineCommand({ stateMachineArn }));
      }
    },
  };
}
