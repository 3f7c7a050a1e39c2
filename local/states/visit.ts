import type { Assignments, State, StateGroup } from './definition.ts';
import { StateFailure } from './errors.ts';
import { type Bindings, EvaluationError, evaluateTemplate, type Template } from './expression.ts';
import type { History, HistoryCursor } from './history.ts';
import {
  exceedsPayloadLimit,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonTypeOf,
  MAX_PAYLOAD_BYTES,
  utf8Bytes,
} from './json.ts';
import type { ChildRequest, ChildResult, MapRunHandle, MapRunRequest, NestedResult } from './nested.ts';
import type {
  AuthorizeRole,
  Clock,
  ObjectStore,
  ProgressEvent,
  RandomSource,
  Scheduler,
  TaskIntegrations,
} from './ports.ts';
import type { GroupProgress, StatePosition } from './progress.ts';
import type { TaskTokens } from './task-tokens.ts';

/** Total size of the variables of an execution, in bytes (developer guide, "Quotas related to variables"). */
const MAX_VARIABLES_BYTES = 10 * 1024 * 1024;

/** What an execution needs of its surroundings. */
export interface ExecutionHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  readonly integrations: TaskIntegrations;
  readonly objects: ObjectStore;
  readonly tokens: TaskTokens;
  readonly authorize: AuthorizeRole;
  readonly onProgress: (event: ProgressEvent) => void;
  /** Opens a map run; its children are started through `runChild`. */
  openMapRun(request: MapRunRequest): MapRunHandle;
  /** Opens a map run again that was cut off, or that ended without success and is thereby redriven. */
  reopenMapRun(arn: string): MapRunHandle;
  runChild(request: ChildRequest): Promise<ChildResult>;
  /** Starts an execution for a `states:startExecution` task. */
  startNested(request: {
    readonly stateMachineArn: string;
    readonly name: string | undefined;
    readonly input: string;
  }): NestedResult;
  /** An execution that was started before. */
  findNested(executionArn: string): NestedResult;
  stopNested(executionArn: string): void;
}

/** One running execution, a root or a map run's child. */
export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly stateMachineArn: string;
  readonly stateMachineName: string;
  readonly roleArn: string;
  readonly region: string;
  readonly input: Json;
  readonly startMs: number;
  readonly redriveCount: number;
  readonly redriveMs: number | undefined;
  readonly history: History;
  readonly host: ExecutionHost;
  /** Size of all variables set so far, in bytes; only ever an upper bound, since inner scopes end. */
  variablesBytes: number;
  /** Runs a nested group of states (a branch or an iteration) and answers its output. */
  runGroup(group: StateGroup, input: Json, branch: Branch, progress?: GroupProgress): Promise<Json>;
}

/** A scope of workflow variables. Inner scopes read outer ones. */
export interface Scope {
  readonly variables: Map<string, Json>;
  readonly parent: Scope | undefined;
}

/** One line of work within an execution: the top level, a Parallel branch, or a Map iteration. */
export interface Branch {
  readonly scope: Scope;
  readonly cursor: HistoryCursor;
  readonly signal: AbortSignal;
  /** The `Map` part of the context object, within a Map iteration. */
  readonly mapContext: JsonObject | undefined;
}

/** A branch at its start, or where it stood. */
export function branchOf(
  progress: GroupProgress | undefined,
  options: {
    readonly parent: Scope | undefined;
    readonly path: string;
    /** The event that the branch's first one follows. */
    readonly startedId: number;
    readonly signal: AbortSignal;
    readonly mapContext: JsonObject | undefined;
  },
): Branch {
  const { parent, path, startedId, signal, mapContext } = options;
  return {
    scope: { variables: new Map(progress?.variables), parent },
    cursor: { eventId: progress?.lastEventId ?? startedId, branch: path },
    signal,
    mapContext,
  };
}

/** A state being visited once. */
export interface Visit<S extends State = State> {
  readonly execution: Execution;
  readonly branch: Branch;
  readonly state: S;
  readonly input: Json;
  readonly enteredMs: number;
  readonly enteredEventId: number;
  /** Retries made so far in this visit. */
  readonly retryCount: number;
  /** What an attempt that was cut off or failed had done, if this one goes on from there. */
  readonly progress: StatePosition | undefined;
}

/** How a visit ended: the output, its JSON text, the variables set, and where to go next. */
export interface Exit {
  readonly output: Json;
  readonly outputJson: string;
  readonly assigned: { readonly [name: string]: string } | undefined;
  readonly next: string | undefined;
}

/** The context object (developer guide, "Accessing execution data from the Context object"). */
export function contextObject(
  visit: Visit,
  extra: { readonly taskToken?: string; readonly map?: JsonObject } = {},
): JsonObject {
  const { execution, branch, state } = visit;
  const map = extra.map ?? branch.mapContext;
  return {
    Execution: {
      Id: execution.arn,
      Input: execution.input,
      StartTime: new Date(execution.startMs).toISOString(),
      Name: execution.name,
      RoleArn: execution.roleArn,
      RedriveCount: execution.redriveCount,
      ...(execution.redriveMs === undefined ? {} : { RedriveTime: new Date(execution.redriveMs).toISOString() }),
    },
    StateMachine: { Id: execution.stateMachineArn, Name: execution.stateMachineName },
    State: { Name: state.name, EnteredTime: new Date(visit.enteredMs).toISOString(), RetryCount: visit.retryCount },
    ...(map === undefined ? {} : { Map: map }),
    ...(extra.taskToken === undefined ? {} : { Task: { Token: extra.taskToken } }),
  };
}

/** What expressions of a visit see: the variables of all scopes and `$states`. */
export function bindingsOf(
  visit: Visit,
  states: { readonly result?: Json; readonly errorOutput?: Json; readonly context?: JsonObject } = {},
): Bindings {
  const bindings: Bindings = {};
  const scopes: Scope[] = [];
  for (let scope: Scope | undefined = visit.branch.scope; scope; scope = scope.parent) scopes.unshift(scope);
  for (const scope of scopes) for (const [name, value] of scope.variables) bindings[name] = value;
  bindings['states'] = { input: visit.input, context: states.context ?? contextObject(visit), ...states };
  return bindings;
}

/** A failure of the state itself, in the wording of Step Functions. */
export function stateFailure(visit: Visit, error: string, problem: string, cause?: unknown): StateFailure {
  return new StateFailure(
    error,
    `An error occurred while executing the state '${visit.state.name}' (entered at the event id #${visit.enteredEventId}). ${problem}`,
    { cause },
  );
}

/** A States.QueryEvaluationError, recorded as an EvaluationFailed event. */
export function evaluationFailure(visit: Visit, problem: string, field?: string, cause?: unknown): StateFailure {
  const failure = stateFailure(visit, 'States.QueryEvaluationError', problem, cause);
  visit.execution.history.record(visit.branch.cursor, 'EvaluationFailed', {
    error: failure.error,
    cause: failure.causeText,
    ...(field === undefined ? {} : { location: field }),
    state: visit.state.name,
  });
  return failure;
}

/** Evaluates a template of the visited state. */
export async function evaluate(visit: Visit, template: Template, bindings: Bindings): Promise<Json> {
  if (template.kind === 'constant') return template.value;
  try {
    return await evaluateTemplate(template, bindings);
  } catch (error) {
    if (error instanceof EvaluationError) throw evaluationFailure(visit, error.message, error.field, error);
    throw error;
  }
}

function wrongType(visit: Visit, template: Template, expected: string, value: Json): StateFailure {
  const source = template.kind === 'expression' ? template.expression.source : JSON.stringify(value);
  return evaluationFailure(
    visit,
    `The JSONata expression '${source}' specified for the field '${template.field}' returned an unexpected result type. ` +
      `Expected '${expected}', but was '${jsonTypeOf(value)}' for value: ${JSON.stringify(value)}`,
    template.field,
  );
}

export async function evaluateString(visit: Visit, template: Template, bindings: Bindings): Promise<string> {
  const value = await evaluate(visit, template, bindings);
  if (typeof value !== 'string') throw wrongType(visit, template, 'string', value);
  return value;
}

export async function evaluateBoolean(visit: Visit, template: Template, bindings: Bindings): Promise<boolean> {
  const value = await evaluate(visit, template, bindings);
  if (typeof value !== 'boolean') throw wrongType(visit, template, 'boolean', value);
  return value;
}

export async function evaluateArray(visit: Visit, template: Template, bindings: Bindings): Promise<readonly Json[]> {
  const value = await evaluate(visit, template, bindings);
  if (!Array.isArray(value)) throw wrongType(visit, template, 'array', value);
  return value;
}

export async function evaluateObject(visit: Visit, template: Template, bindings: Bindings): Promise<JsonObject> {
  const value = await evaluate(visit, template, bindings);
  if (!isJsonObject(value)) throw wrongType(visit, template, 'object', value);
  return value;
}

/** Evaluates a number within a range; undefined stays undefined. */
export async function evaluateNumber(
  visit: Visit,
  template: Template | undefined,
  bindings: Bindings,
  range: { readonly minimum: number; readonly maximum: number; readonly integer?: boolean },
): Promise<number | undefined> {
  if (!template) return undefined;
  const value = await evaluate(visit, template, bindings);
  if (typeof value !== 'number') throw wrongType(visit, template, 'number', value);
  if (value < range.minimum || value > range.maximum || ((range.integer ?? true) && !Number.isInteger(value))) {
    throw evaluationFailure(
      visit,
      `The value for the field '${template.field}' must be ${(range.integer ?? true) ? 'an integer' : 'a number'} from ${range.minimum} to ${range.maximum}, but was ${value}`,
      template.field,
    );
  }
  return value;
}

/** The JSON text of a payload; throws States.DataLimitExceeded above 256 KiB. `what` is the state or task named in the cause. */
export function payloadJson(value: Json, what: string): string {
  const json = JSON.stringify(value);
  if (exceedsPayloadLimit(json)) {
    throw new StateFailure(
      'States.DataLimitExceeded',
      `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    );
  }
  return json;
}

function assign(visit: Visit, values: readonly (readonly [string, Json])[]): { [name: string]: string } {
  const assigned: { [name: string]: string } = {};
  let bytes = 0;
  for (const [name, value] of values) {
    const json = JSON.stringify(value);
    bytes += utf8Bytes(json);
    assigned[name] = json;
  }
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw stateFailure(
      visit,
      'States.DataLimitExceeded',
      `The variables assigned hold ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} can be assigned at once.`,
    );
  }
  visit.execution.variablesBytes += bytes;
  for (const [name, value] of values) {
    const previous = visit.branch.scope.variables.get(name);
    if (previous !== undefined) visit.execution.variablesBytes -= utf8Bytes(JSON.stringify(previous));
    visit.branch.scope.variables.set(name, value);
  }
  if (visit.execution.variablesBytes > MAX_VARIABLES_BYTES) {
    throw stateFailure(
      visit,
      'States.DataLimitExceeded',
      `The variables of the execution hold more than ${MAX_VARIABLES_BYTES} bytes.`,
    );
  }
  return assigned;
}

/**
 * Ends a visit: evaluates Output and Assign from the same values, so that neither sees the other, then sets the variables.
 * `fallback` is the output of a state without Output.
 */
export async function conclude(
  visit: Visit,
  options: {
    readonly output: Template | undefined;
    readonly assign: Assignments | undefined;
    readonly fallback: Json;
    readonly next: string | undefined;
    readonly bindings?: Bindings;
  },
): Promise<Exit> {
  const { output: template, assign: assignments } = options;
  let output = options.fallback;
  let assigned: Exit['assigned'];
  if (template || assignments) {
    const bindings = options.bindings ?? bindingsOf(visit);
    if (template) output = await evaluate(visit, template, bindings);
    const values: [string, Json][] = [];
    for (const [name, value] of assignments ?? []) values.push([name, await evaluate(visit, value, bindings)]);
    if (assignments) assigned = assign(visit, values);
  }
  return { output, outputJson: payloadJson(output, visit.state.name), assigned, next: options.next };
}
