import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  RedriveExecutionCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  ValidateStateMachineDefinitionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestEngine, lambdaIntegrations, MACHINE_ARN, START_MS } from './conformance-drivers.ts';
import { StatesApiError } from './errors.ts';
import type { JsonObject } from './json.ts';
import { type StatesServer, startStatesServer } from './server.ts';

/** The API as the AWS SDK speaks it, over loopback; executions run on virtual time. */

const definition: JsonObject = {
  QueryLanguage: 'JSONata',
  StartAt: 'M',
  States: {
    M: {
      Type: 'Map',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'Double',
        States: { Double: { Type: 'Pass', Output: '{% $states.input * 2 %}', End: true } },
      },
      Label: 'doubling',
      Next: 'Ask',
    },
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: 'ask', Payload: '{% $states.context.Task.Token %}' },
      End: true,
    },
  },
};

let token = '';
const callers: unknown[] = [];
const { engine, time } = createTestEngine({
  integrations: lambdaIntegrations({
    ask: (payload) => {
      token = String(payload);
    },
  }),
});
let server: StatesServer;
let client: SFNClient;

beforeAll(async () => {
  engine.addStateMachine({
    arn: MACHINE_ARN,
    name: 'Machine',
    type: 'STANDARD',
    definition,
    roleArn: 'arn:aws:iam::123456789012:role/machine',
  });
  server = await startStatesServer({
    engine,
    port: 0,
    host: '127.0.0.1',
    verify: ({ headers }) => String(headers.authorization).split('/')[0]?.split('=')[1],
    authorize: ({ caller, action, resource }) => {
      callers.push([caller, action, resource]);
      if (action === 'states:ListStateMachines') throw new StatesApiError('AccessDeniedException', 'not allowed');
    },
  });
  client = new SFNClient({
    endpoint: server.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  client.destroy();
  await server.close();
});

describe('the API', () => {
  it('runs an execution from start to end', async () => {
    const { executionArn, startDate } = await client.send(
      new StartExecutionCommand({ stateMachineArn: MACHINE_ARN, name: 'first', input: '[1,2]' }),
    );
    expect([executionArn, startDate]).toEqual([
      'arn:aws:states:eu-west-1:123456789012:execution:Machine:first',
      new Date(START_MS),
    ]);
    await time.idle();
    expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'RUNNING',
      input: '[1,2]',
      name: 'first',
    });
    await client.send(new SendTaskSuccessCommand({ taskToken: token, output: '"yes"' }));
    await time.settle(engine.ended(executionArn ?? ''));
    expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'SUCCEEDED',
      output: '"yes"',
      stateMachineArn: MACHINE_ARN,
      stopDate: new Date(START_MS),
      redriveStatus: 'NOT_REDRIVABLE',
    });
    expect(callers[0]).toEqual(['AKIDEXAMPLE', 'states:StartExecution', MACHINE_ARN]);
  });

  const executionArn = 'arn:aws:states:eu-west-1:123456789012:execution:Machine:first';

  it('tells its history in pages, in either order', async () => {
    const { events = [], nextToken } = await client.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 2 }),
    );
    expect(events.map(({ id, type }) => [id, type])).toEqual([
      [1, 'ExecutionStarted'],
      [2, 'MapStateEntered'],
    ]);
    expect(events[1]?.stateEnteredEventDetails).toEqual({
      name: 'M',
      input: '[1,2]',
      inputDetails: { truncated: false },
    });
    const rest = await client.send(new GetExecutionHistoryCommand({ executionArn, nextToken }));
    expect(rest.events?.find(({ type }) => type === 'TaskSucceeded')?.taskSucceededEventDetails).toMatchObject({
      output: '"yes"',
      resource: 'invoke.waitForTaskToken',
    });
    const last = await client.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, includeExecutionData: false, maxResults: 1 }),
    );
    expect(last.events?.[0]?.type).toBe('ExecutionSucceeded');
    expect(last.events?.[0]?.executionSucceededEventDetails).toEqual({ outputDetails: { truncated: false } });
  });

  it('tells of map runs and their children', async () => {
    const { mapRuns } = await client.send(new ListMapRunsCommand({ executionArn }));
    const mapRunArn = mapRuns?.[0]?.mapRunArn;
    expect(mapRuns?.[0]?.stateMachineArn).toBe(`${MACHINE_ARN}/doubling`);
    const counts = {
      aborted: 0,
      failed: 0,
      pending: 0,
      resultsWritten: 2,
      running: 0,
      succeeded: 2,
      timedOut: 0,
      total: 2,
    };
    expect(await client.send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
      status: 'SUCCEEDED',
      itemCounts: counts,
      executionCounts: counts,
      maxConcurrency: 0,
    });
    const { executions = [] } = await client.send(new ListExecutionsCommand({ mapRunArn }));
    expect(executions.map(({ status, itemCount }) => [status, itemCount])).toEqual([
      ['SUCCEEDED', 1],
      ['SUCCEEDED', 1],
    ]);
    expect(
      (await client.send(new DescribeExecutionCommand({ executionArn: executions[0]?.executionArn }))).output,
    ).toBe('4');
  });

  it('lists executions by status, and stops them', async () => {
    const { executionArn: second } = await client.send(
      new StartExecutionCommand({ stateMachineArn: MACHINE_ARN, name: 'second', input: '[]' }),
    );
    await time.idle();
    const names = async (statusFilter: 'RUNNING' | 'SUCCEEDED') =>
      (await client.send(new ListExecutionsCommand({ stateMachineArn: MACHINE_ARN, statusFilter }))).executions?.map(
        ({ name }) => name,
      );
    expect([await names('RUNNING'), await names('SUCCEEDED')]).toEqual([['second'], ['first']]);
    const { stopDate } = await client.send(new StopExecutionCommand({ executionArn: second, error: 'E', cause: 'c' }));
    expect(stopDate).toEqual(new Date(START_MS));
    expect(await client.send(new DescribeExecutionCommand({ executionArn: second }))).toMatchObject({
      status: 'ABORTED',
      error: 'E',
      cause: 'c',
      redriveStatus: 'REDRIVABLE',
      redriveCount: 0,
    });
  });

  it('redrives executions, and lists those that were', async () => {
    const executionArn = 'arn:aws:states:eu-west-1:123456789012:execution:Machine:second';
    const { redriveDate } = await client.send(new RedriveExecutionCommand({ executionArn }));
    expect(redriveDate).toEqual(new Date(START_MS));
    await time.idle();
    await client.send(new SendTaskSuccessCommand({ taskToken: token, output: '"after all"' }));
    await time.settle(engine.ended(executionArn));
    expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'SUCCEEDED',
      output: '"after all"',
      redriveCount: 1,
      redriveDate,
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    });
    const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events?.find(({ type }) => type === 'ExecutionRedriven')?.executionRedrivenEventDetails).toEqual({
      redriveCount: 1,
    });
    const { executions } = await client.send(
      new ListExecutionsCommand({ stateMachineArn: MACHINE_ARN, redriveFilter: 'REDRIVEN' }),
    );
    expect(executions?.map(({ name, redriveCount }) => [name, redriveCount])).toEqual([['second', 1]]);
  });

  it('describes the machine and checks definitions', async () => {
    const described = await client.send(new DescribeStateMachineCommand({ stateMachineArn: MACHINE_ARN }));
    expect([described.type, described.status, JSON.parse(described.definition ?? '')]).toEqual([
      'STANDARD',
      'ACTIVE',
      definition,
    ]);
    expect(await client.send(new ValidateStateMachineDefinitionCommand({ definition: '{}' }))).toMatchObject({
      result: 'FAIL',
      diagnostics: [
        {
          severity: 'ERROR',
          code: 'SCHEMA_VALIDATION_FAILED',
          message: 'These fields are required: [StartAt, States]',
          location: '/',
        },
      ],
    });
    expect(
      await client.send(new ValidateStateMachineDefinitionCommand({ definition: JSON.stringify(definition) })),
    ).toMatchObject({ result: 'OK' });
  });

  it.each([
    ['StateMachineDoesNotExist', () => new StartExecutionCommand({ stateMachineArn: `${MACHINE_ARN}X` })],
    [
      'ExecutionAlreadyExists',
      () => new StartExecutionCommand({ stateMachineArn: MACHINE_ARN, name: 'first', input: '[3]' }),
    ],
    ['InvalidExecutionInput', () => new StartExecutionCommand({ stateMachineArn: MACHINE_ARN, input: 'not' })],
    ['InvalidName', () => new StartExecutionCommand({ stateMachineArn: MACHINE_ARN, name: 'a b' })],
    ['ExecutionDoesNotExist', () => new DescribeExecutionCommand({ executionArn: `${executionArn}X` })],
    ['ExecutionNotRedrivable', () => new RedriveExecutionCommand({ executionArn })],
    ['InvalidArn', () => new DescribeExecutionCommand({ executionArn: 'nonsense' })],
    ['TaskTimedOut', () => new SendTaskSuccessCommand({ taskToken: token, output: '1' })],
    ['InvalidToken', () => new SendTaskSuccessCommand({ taskToken: 'nonsense', output: '1' })],
    ['InvalidOutput', () => new SendTaskSuccessCommand({ taskToken: token, output: '{' })],
    ['ValidationException', () => new ListExecutionsCommand({ stateMachineArn: MACHINE_ARN, maxResults: 1001 })],
    ['AccessDeniedException', () => new ListStateMachinesCommand({})],
    ['UnknownOperationException', () => new ListTagsForResourceCommand({ resourceArn: MACHINE_ARN })],
  ])('answers the error %s', async (name, command) => {
    await expect(client.send(command() as StartExecutionCommand)).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode: 400 },
    });
  });
});
