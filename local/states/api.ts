import { z } from 'zod';
import {
  describedExecution,
  describedMachine,
  describedMapRun,
  listedExecution,
  listedMapRun,
  seconds,
  toldEvent,
} from './api-answers.ts';
import { isStatesArn } from './arns.ts';
import type { StatesEngine } from './engine.ts';
import { DefinitionError, StatesApiError } from './errors.ts';
import type { StoredExecution } from './execution-store.ts';
import { stateMachineOfToken } from './task-tokens.ts';

/** An operation: checks its input and answers its output. `resource` is the ARN that a caller's permission is checked on. */
interface Operation {
  resource(input: unknown): string;
  run(engine: StatesEngine, input: unknown): unknown;
}

function operation<T>(
  schema: z.ZodType<T>,
  resource: (input: T) => string,
  run: (engine: StatesEngine, input: T) => unknown,
): Operation {
  const parse = (input: unknown): T => {
    const result = schema.safeParse(input);
    if (result.success) return result.data;
    const badArn = result.error.issues.find((issue) => issue.code === 'custom');
    if (badArn) throw new StatesApiError('InvalidArn', badArn.message);
    const issues = result.error.issues.map(
      (issue) => `'${issue.path.join('.') || 'input'}' failed to satisfy constraint: ${issue.message}`,
    );
    throw new StatesApiError(
      'ValidationException',
      `${issues.length} validation error detected: Value at ${issues.join('; ')}`,
    );
  };
  return { resource: (input) => resource(parse(input)), run: (engine, input) => run(engine, parse(input)) };
}

const arn = z
  .string()
  .max(256)
  .refine(isStatesArn, { error: ({ input }) => `Invalid Arn: 'Invalid ARN prefix: ${input}'` });
const page = { maxResults: z.int().min(0).max(1000).optional(), nextToken: z.string().min(1).max(3096).optional() };
const text = (characters: number) => z.string().max(characters).optional();

/** One page of a list; the token is the index of the next page's first element. */
function paginate<T>(
  values: readonly T[],
  request: { readonly maxResults?: number | undefined; readonly nextToken?: string | undefined },
) {
  const start = request.nextToken === undefined ? 0 : Number(Buffer.from(request.nextToken, 'base64url').toString());
  if (!Number.isInteger(start) || start < 0) throw new StatesApiError('InvalidToken', "Invalid Token: 'Invalid token'");
  const end = start + (request.maxResults || 100);
  const next = end < values.length ? { nextToken: Buffer.from(String(end)).toString('base64url') } : {};
  return { values: values.slice(start, end), next };
}

/** Express executions are told of only when a map run started them (API reference, DescribeExecution and others). */
function requireStandard(execution: StoredExecution): StoredExecution {
  if (execution.info.type === 'STANDARD') return execution;
  throw new StatesApiError(
    'StateMachineTypeNotSupported',
    'This operation is not supported by this type of state machine',
  );
}

function listExecutions(
  engine: StatesEngine,
  request: {
    readonly stateMachineArn?: string | undefined;
    readonly mapRunArn?: string | undefined;
    readonly statusFilter?: string | undefined;
    readonly redriveFilter?: 'REDRIVEN' | 'NOT_REDRIVEN' | undefined;
  },
): StoredExecution[] {
  const { stateMachineArn, mapRunArn, statusFilter, redriveFilter } = request;
  if ((stateMachineArn === undefined) === (mapRunArn === undefined)) {
    throw new StatesApiError('ValidationException', 'Exactly one of stateMachineArn and mapRunArn must be given.');
  }
  if (stateMachineArn !== undefined && engine.stateMachine(stateMachineArn).type === 'EXPRESS') {
    throw new StatesApiError(
      'StateMachineTypeNotSupported',
      'This operation is not supported by this type of state machine',
    );
  }
  if (mapRunArn !== undefined) engine.store.mapRun(mapRunArn);
  return engine.store.list(
    (execution) =>
      (mapRunArn === undefined
        ? execution.info.stateMachineArn === stateMachineArn
        : execution.info.mapRunArn === mapRunArn) &&
      (statusFilter === undefined || engine.store.listedStatus(execution) === statusFilter) &&
      (redriveFilter === undefined || execution.redrives.length > 0 === (redriveFilter === 'REDRIVEN')),
  );
}

function validateDefinition(
  engine: StatesEngine,
  request: { readonly definition: string; readonly type?: 'STANDARD' | 'EXPRESS' | undefined },
) {
  try {
    engine.checkDefinition(request.definition, request.type ?? 'STANDARD');
    return { result: 'OK', diagnostics: [], truncated: false };
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    const diagnostics = error.problems.map(({ path, message }) => ({
      severity: 'ERROR',
      code: 'SCHEMA_VALIDATION_FAILED',
      message,
      location: path,
    }));
    return { result: 'FAIL', diagnostics, truncated: false };
  }
}

const ANY = () => '*';
const STATUS = z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE']).optional();

/** The operations of the Step Functions API that are served, by name. Each accepts exactly the members listed. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  StartExecution: operation(
    z.strictObject({
      stateMachineArn: arn,
      name: z.string().min(1).max(80).optional(),
      input: text(262_144),
      traceHeader: text(256),
    }),
    (input) => input.stateMachineArn,
    (engine, { stateMachineArn, name, input }) => {
      const started = engine.startExecution({
        stateMachineArn,
        ...(name === undefined ? {} : { name }),
        ...(input === undefined ? {} : { input }),
      });
      return { executionArn: started.executionArn, startDate: seconds(started.startMs) };
    },
  ),
  StopExecution: operation(
    z.strictObject({ executionArn: arn, error: text(256), cause: text(32_768) }),
    (input) => input.executionArn,
    (engine, { executionArn, error, cause }) => {
      requireStandard(engine.store.get(executionArn));
      const { stopMs } = engine.stopExecution({
        executionArn,
        ...(error === undefined ? {} : { error }),
        ...(cause === undefined ? {} : { cause }),
      });
      return { stopDate: seconds(stopMs) };
    },
  ),
  RedriveExecution: operation(
    z.strictObject({ executionArn: arn, clientToken: z.string().min(1).max(64).optional() }),
    (input) => input.executionArn,
    (engine, { executionArn, clientToken }) => {
      requireStandard(engine.store.get(executionArn));
      const request = { executionArn, ...(clientToken === undefined ? {} : { clientToken }) };
      return { redriveDate: seconds(engine.redriveExecution(request).redriveMs) };
    },
  ),
  DescribeExecution: operation(
    z.strictObject({ executionArn: arn, includedData: z.enum(['ALL_DATA']).optional() }),
    (input) => input.executionArn,
    (engine, { executionArn }) => {
      const execution = engine.store.get(executionArn);
      if (execution.info.mapRunArn === undefined) requireStandard(execution);
      return describedExecution(execution, engine.store.listedStatus(execution), engine.redrivability(executionArn));
    },
  ),
  ListExecutions: operation(
    z.strictObject({
      stateMachineArn: arn.optional(),
      mapRunArn: arn.optional(),
      statusFilter: STATUS,
      redriveFilter: z.enum(['REDRIVEN', 'NOT_REDRIVEN']).optional(),
      ...page,
    }),
    (input) => input.stateMachineArn ?? input.mapRunArn ?? '*',
    (engine, request) => {
      const { values, next } = paginate(listExecutions(engine, request), request);
      const executions = values.map((execution) => listedExecution(execution, engine.store.listedStatus(execution)));
      return { executions, ...next };
    },
  ),
  GetExecutionHistory: operation(
    z.strictObject({
      executionArn: arn,
      reverseOrder: z.boolean().optional(),
      includeExecutionData: z.boolean().optional(),
      ...page,
    }),
    (input) => input.executionArn,
    (engine, request) => {
      const { info } = requireStandard(engine.store.get(request.executionArn));
      const events = engine.store.events(info);
      const { values, next } = paginate(request.reverseOrder ? events.toReversed() : events, request);
      return { events: values.map((event) => toldEvent(event, request.includeExecutionData ?? true)), ...next };
    },
  ),
  ListMapRuns: operation(
    z.strictObject({ executionArn: arn, ...page }),
    (input) => input.executionArn,
    (engine, request) => {
      engine.store.get(request.executionArn);
      const mapRuns = engine.store.mapRuns((mapRun) => mapRun.request.executionArn === request.executionArn);
      const { values, next } = paginate(mapRuns, request);
      return { mapRuns: values.map(listedMapRun), ...next };
    },
  ),
  DescribeMapRun: operation(
    z.strictObject({ mapRunArn: arn }),
    (input) => input.mapRunArn,
    (engine, { mapRunArn }) => describedMapRun(engine.store.mapRun(mapRunArn), engine.store.mapRunCounts(mapRunArn)),
  ),
  SendTaskSuccess: operation(
    z.strictObject({ taskToken: z.string().min(1).max(2048), output: z.string() }),
    ({ taskToken }) => stateMachineOfToken(taskToken),
    (engine, { taskToken, output }) => {
      engine.tokens.succeed(taskToken, output);
      return {};
    },
  ),
  SendTaskFailure: operation(
    z.strictObject({ taskToken: z.string().min(1).max(2048), error: text(256), cause: text(32_768) }),
    ({ taskToken }) => stateMachineOfToken(taskToken),
    (engine, { taskToken, error, cause }) => {
      engine.tokens.fail(taskToken, error, cause);
      return {};
    },
  ),
  SendTaskHeartbeat: operation(
    z.strictObject({ taskToken: z.string().min(1).max(2048) }),
    ({ taskToken }) => stateMachineOfToken(taskToken),
    (engine, { taskToken }) => {
      engine.tokens.heartbeat(taskToken);
      return {};
    },
  ),
  DescribeStateMachine: operation(
    z.strictObject({ stateMachineArn: arn, includedData: z.enum(['ALL_DATA']).optional() }),
    (input) => input.stateMachineArn,
    (engine, { stateMachineArn }) => describedMachine(engine.stateMachine(stateMachineArn)),
  ),
  ListStateMachines: operation(z.strictObject(page), ANY, (engine, request) => {
    const { values, next } = paginate(engine.stateMachines(), request);
    const stateMachines = values.map(({ arn: stateMachineArn, name, type, creationMs }) => ({
      stateMachineArn,
      name,
      type,
      creationDate: seconds(creationMs),
    }));
    return { stateMachines, ...next };
  }),
  ValidateStateMachineDefinition: operation(
    z.strictObject({ definition: z.string(), type: z.enum(['STANDARD', 'EXPRESS']).optional() }),
    ANY,
    (engine, request) => validateDefinition(engine, request),
  ),
};
