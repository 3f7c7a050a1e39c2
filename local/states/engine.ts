import { createHash } from 'node:crypto';
import { executionArn, parseStateMachineArn, type StateMachineArn } from './arns.ts';
import type { MachineDefinition, MachineType } from './definition.ts';
import { DefinitionError, StatesApiError } from './errors.ts';
import { ExecutionRunner, type LaunchRequest } from './execution-runner.ts';
import { ExecutionStore, statusOf } from './execution-store.ts';
import { createExpressionCompiler } from './expression.ts';
import type { Journal } from './journal.ts';
import { exceedsPayloadLimit, type Json } from './json.ts';
import { loadDefinition } from './load-definition.ts';
import { EXPRESS_TIMEOUT_SECONDS, openMapRun, reopenMapRun, runChild } from './map-runs.ts';
import type { ExecutionEnd, ExecutionInfo } from './nested.ts';
import type {
  AuthorizeRole,
  Clock,
  IdSource,
  ObjectStore,
  ProgressEvent,
  RandomSource,
  Scheduler,
  StatusChange,
  TaskIntegrations,
} from './ports.ts';
import { resumeExecutions } from './recovery.ts';
import { type Redrivability, redrivability } from './redrivability.ts';
import { TaskTokens } from './task-tokens.ts';
import type { ExecutionHost } from './visit.ts';

export interface StatesEngineOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly ids: IdSource;
  readonly random: RandomSource;
  readonly integrations: TaskIntegrations;
  readonly objects: ObjectStore;
  readonly journal: Journal;
  /** Checks what the engine does for a machine's role on Step Functions itself. Everything is allowed without it. */
  readonly authorize?: AuthorizeRole;
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Told of each change of a STANDARD execution's status: the detail of its EventBridge event. */
  readonly onStatusChange?: (change: StatusChange) => void;
}

export interface StateMachineInput {
  readonly arn: string;
  readonly name: string;
  readonly type: MachineType;
  /** The definition, as JSON text or parsed. */
  readonly definition: string | Json;
  readonly roleArn: string;
}

export interface StateMachine extends StateMachineInput {
  readonly creationMs: number;
  readonly definitionSha256: string;
  readonly loaded: MachineDefinition;
  readonly parsedArn: StateMachineArn;
}

export interface StatesEngine {
  readonly store: ExecutionStore;
  readonly tokens: TaskTokens;
  /** Loads a machine, or replaces it; throws DefinitionError for anything in it that is not known here. */
  addStateMachine(machine: StateMachineInput): void;
  stateMachine(arn: string): StateMachine;
  stateMachines(): readonly StateMachine[];
  /** Loads a definition and forgets it; throws DefinitionError. */
  checkDefinition(definition: string, type: MachineType): void;
  startExecution(request: { readonly stateMachineArn: string; readonly name?: string; readonly input?: string }): {
    readonly executionArn: string;
    readonly startMs: number;
  };
  stopExecution(request: { readonly executionArn: string; readonly error?: string; readonly cause?: string }): {
    readonly stopMs: number;
  };
  /** Runs an execution that did not succeed again from where it failed, was aborted or timed out. */
  redriveExecution(request: { readonly executionArn: string; readonly clientToken?: string }): {
    readonly redriveMs: number;
  };
  redrivability(executionArn: string): Redrivability;
  /** Takes up what was running when the process before this one ended; to be called once, when all machines are there. */
  resume(): void;
  /** Resolves when the execution has ended, at once if it has. */
  ended(executionArn: string): Promise<ExecutionEnd>;
  /** Aborts what runs without recording an end, as a crash would, and closes the journal. */
  close(): void;
}

/** Creates the engine. Executions that the journal shows as running stand still until `resume`. */
export function createStatesEngine(options: StatesEngineOptions): StatesEngine {
  const { clock, scheduler, ids, random, journal } = options;
  const compiler = createExpressionCompiler({ clock, ids, random });
  const supports = (resource: Parameters<TaskIntegrations['supports']>[0]) => options.integrations.supports(resource);
  const store = new ExecutionStore(journal);
  let closed = false;
  /** What is not recorded any more must not be accepted any more. */
  const refuseWhenClosed = () => {
    if (closed) throw new StatesApiError('ServiceUnavailableException', 'The embedded cloud is being stopped.');
  };
  const tokens = new TaskTokens(ids, (token, answer) => {
    refuseWhenClosed();
    store.answerTask(token, answer);
  });
  const machines = new Map<string, StateMachine>();
  const runner = new ExecutionRunner({
    clock,
    scheduler,
    store,
    onStatusChange: options.onStatusChange ?? (() => {}),
  });
  const mapRuns = { clock, ids, store, runner };

  const host: ExecutionHost = {
    clock,
    scheduler,
    random,
    integrations: options.integrations,
    objects: options.objects,
    tokens,
    authorize: options.authorize ?? (() => {}),
    onProgress: options.onProgress ?? (() => {}),
    openMapRun: (request) => openMapRun(mapRuns, request),
    reopenMapRun: (arn) => reopenMapRun(mapRuns, arn),
    runChild: (request) => runChild(mapRuns, host, request),
    startNested({ stateMachineArn, name, input }) {
      const started = start(stateMachineArn, name, input);
      return host.findNested(started.arn);
    },
    findNested: (arn) => ({ info: store.get(arn).info, ended: runner.ended(arn) }),
    stopNested: (arn) => runner.finish(arn, { status: 'ABORTED' }),
  };

  function start(
    stateMachineArn: string,
    givenName: string | undefined,
    inputJson: string,
  ): { arn: string; startMs: number } {
    const machine = stateMachine(stateMachineArn);
    const name = givenName ?? ids.uuid();
    checkExecutionName(name);
    const input = parseInput(inputJson);
    const arn = executionArn(machine.parsedArn, machine.type, name, () => ids.uuid());
    const existing = store.find(arn);
    if (existing) {
      if (statusOf(existing) === 'RUNNING' && existing.info.input === inputJson)
        return { arn, startMs: existing.info.startMs };
      throw new StatesApiError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const startMs = clock.nowMs();
    const info: ExecutionInfo = {
      arn,
      name,
      stateMachineArn,
      roleArn: machine.roleArn,
      type: machine.type,
      input: inputJson,
      startMs,
      definitionSha256: machine.definitionSha256,
    };
    store.define(machine.definitionSha256, definitionText(machine));
    runner.launch(launchRequest(info, machine.loaded, input));
    return { arn, startMs };
  }

  function launchRequest(info: ExecutionInfo, loaded: MachineDefinition, input: Json): LaunchRequest {
    const timeoutSeconds = loaded.timeoutSeconds ?? (info.type === 'EXPRESS' ? EXPRESS_TIMEOUT_SECONDS : undefined);
    const { region = '' } = parseStateMachineArn(info.stateMachineArn) ?? {};
    return { info, region, group: loaded, input, timeoutSeconds, host };
  }

  /** As the execution was begun, whatever its machine is now; undefined when that definition is gone or no longer loads. */
  function launchRequestOf(info: ExecutionInfo): LaunchRequest | undefined {
    const definition = store.definition(info.definitionSha256);
    if (definition === undefined) return undefined;
    try {
      const loaded = loadDefinition(definition, { compiler, type: info.type, supports });
      return launchRequest(info, loaded, JSON.parse(info.input) as Json);
    } catch (error) {
      if (error instanceof DefinitionError) return undefined;
      throw error;
    }
  }

  function stateMachine(arn: string): StateMachine {
    const machine = machines.get(arn);
    if (!machine) throw new StatesApiError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    return machine;
  }

  const engine: StatesEngine = {
    store,
    tokens,
    addStateMachine(machine) {
      const parsedArn = parseStateMachineArn(machine.arn);
      if (!parsedArn)
        throw new StatesApiError('InvalidArn', `Invalid Arn: 'Invalid state machine ARN: ${machine.arn}'`);
      const loaded = loadDefinition(machine.definition, { compiler, type: machine.type, supports });
      const creationMs = machines.get(machine.arn)?.creationMs ?? clock.nowMs();
      const definitionSha256 = createHash('sha256').update(definitionText(machine)).digest('hex');
      machines.set(machine.arn, { ...machine, creationMs, definitionSha256, loaded, parsedArn });
    },
    stateMachine,
    stateMachines: () => [...machines.values()],
    checkDefinition(definition, type) {
      loadDefinition(definition, { compiler, type, supports });
    },
    startExecution({ stateMachineArn, name, input = '{}' }) {
      refuseWhenClosed();
      const { arn, startMs } = start(stateMachineArn, name, input);
      return { executionArn: arn, startMs };
    },
    stopExecution({ executionArn: arn, error, cause }) {
      refuseWhenClosed();
      store.get(arn);
      runner.finish(arn, {
        status: 'ABORTED',
        ...(error === undefined ? {} : { error }),
        ...(cause === undefined ? {} : { cause }),
      });
      return { stopMs: store.get(arn).stopMs ?? clock.nowMs() };
    },
    redriveExecution({ executionArn: arn, clientToken }) {
      refuseWhenClosed();
      const execution = store.get(arn);
      const repeated = execution.redrives
        .slice(-REMEMBERED_TOKENS)
        .find((redrive) => redrive.clientToken === clientToken);
      if (clientToken !== undefined && repeated && clock.nowMs() - repeated.atMs <= TOKEN_LIFETIME_MS)
        return { redriveMs: repeated.atMs };
      const answer = engine.redrivability(arn);
      const request = launchRequestOf(execution.info);
      if (answer.status !== 'REDRIVABLE' || !request) {
        const reason =
          answer.status === 'NOT_REDRIVABLE'
            ? answer.reason
            : answer.status === 'REDRIVABLE_BY_MAP_RUN'
              ? 'A child of a map run is redriven with the execution that started the map run'
              : 'Its definition can no longer be loaded';
        throw new StatesApiError('ExecutionNotRedrivable', `Execution Not Redrivable: '${reason}'`);
      }
      runner.redrive(request, store.events(execution.info), clientToken);
      return { redriveMs: store.get(arn).redrives.at(-1)?.atMs ?? clock.nowMs() };
    },
    redrivability(arn) {
      const execution = store.get(arn);
      return redrivability(execution, clock.nowMs(), store.events(execution.info).length);
    },
    resume: () => resumeExecutions({ store, tokens, runner, launchRequestOf, nowMs: () => clock.nowMs() }),
    async ended(arn) {
      const { stopMs: _, ...end } = await runner.ended(arn);
      return end;
    },
    close() {
      closed = true;
      runner.close();
    },
  };
  return engine;
}

/** API reference, RedriveExecution: so many client tokens are remembered, and for so long. */
const REMEMBERED_TOKENS = 10;
const TOKEN_LIFETIME_MS = 15 * 60_000;

function definitionText({ definition }: StateMachineInput): string {
  return typeof definition === 'string' ? definition : JSON.stringify(definition);
}

function checkExecutionName(name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a name must not hold
  const invalid = /[\s?*<>{}[\]:;,\\|^~$#%&`"/\u0000-\u001f\u007f-\u009f]/.exec(name);
  if (name.length < 1 || name.length > 80 || invalid)
    throw new StatesApiError('InvalidName', `Invalid Name: '${name}'`);
}

function parseInput(json: string): Json {
  if (exceedsPayloadLimit(json)) {
    throw new StatesApiError(
      'InvalidExecutionInput',
      "Invalid State Machine Execution Input: 'The input is larger than 262144 bytes'",
    );
  }
  try {
    return JSON.parse(json) as Json;
  } catch {
    // The parser's own message quotes the input, which may hold what does not belong into an error.
    throw new StatesApiError(
      'InvalidExecutionInput',
      "Invalid State Machine Execution Input: 'The input is not a JSON text'",
    );
  }
}
