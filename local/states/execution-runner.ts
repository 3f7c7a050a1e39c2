import type { StateGroup } from './definition.ts';
import { BranchAborted, StateFailure, StatesApiError } from './errors.ts';
import type { ExecutionStore } from './execution-store.ts';
import { History } from './history.ts';
import type { Json } from './json.ts';
import type { ExecutionEnd, ExecutionInfo } from './nested.ts';
import type { Clock, Scheduler, StatusChange } from './ports.ts';
import { runGroup } from './run-group.ts';
import { statusChange } from './status-change.ts';
import type { Execution, ExecutionHost } from './visit.ts';

export interface StoppedEnd extends ExecutionEnd {
  readonly stopMs: number;
}

export interface LaunchRequest {
  readonly info: ExecutionInfo;
  readonly region: string;
  readonly group: StateGroup;
  readonly input: Json;
  readonly timeoutSeconds: number | undefined;
  readonly host: ExecutionHost;
}

interface Running {
  readonly controller: AbortController;
  readonly history: History;
  readonly cancelTimeout: () => void;
  readonly resolveEnd: (end: StoppedEnd) => void;
  readonly ended: Promise<StoppedEnd>;
}

export interface ExecutionRunnerOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly store: ExecutionStore;
  readonly onStatusChange: (change: StatusChange) => void;
}

const EXECUTION_ENDED = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  ABORTED: 'ExecutionAborted',
} as const;

/** Runs executions, from their start to their one end. */
export class ExecutionRunner {
  readonly #options: ExecutionRunnerOptions;
  readonly #running = new Map<string, Running>();

  constructor(options: ExecutionRunnerOptions) {
    this.#options = options;
  }

  /** Tells of a STANDARD execution's status. */
  notify(arn: string): void {
    const execution = this.#options.store.get(arn);
    if (execution.info.type === 'STANDARD') this.#options.onStatusChange(statusChange(execution));
  }

  /** Begins an execution; its first state is entered in a later microtask. */
  launch(request: LaunchRequest): void {
    const { clock, scheduler, store } = this.#options;
    const { info, timeoutSeconds } = request;
    store.begin(info);
    const history = new History(clock, (event) => {
      if (info.type === 'STANDARD') store.record(info, event);
    });
    const { promise: ended, resolve: resolveEnd } = Promise.withResolvers<StoppedEnd>();
    const cancelTimeout =
      timeoutSeconds === undefined
        ? () => {}
        : scheduler.after(timeoutSeconds * 1000, () => this.finish(info.arn, { status: 'TIMED_OUT' }));
    const controller = new AbortController();
    this.#running.set(info.arn, { controller, history, cancelTimeout, resolveEnd, ended });
    history.record({ eventId: 0 }, 'ExecutionStarted', {
      input: info.input,
      inputDetails: { truncated: false },
      roleArn: info.roleArn,
    });
    this.notify(info.arn);
    queueMicrotask(() => this.#run(request, history, controller.signal));
  }

  /** Ends an execution, once: later calls (of work that was still going on) change nothing. */
  finish(arn: string, end: ExecutionEnd, previousEventId = 0): void {
    const run = this.#running.get(arn);
    if (!run) return;
    this.#running.delete(arn);
    run.cancelTimeout();
    run.history.record({ eventId: previousEventId }, EXECUTION_ENDED[end.status], endDetails(end));
    run.history.close();
    const stopMs = this.#options.clock.nowMs();
    this.#options.store.end(arn, end, stopMs);
    run.controller.abort();
    run.resolveEnd({ ...end, stopMs });
    this.notify(arn);
  }

  /** Resolves when the execution has ended, at once if it has. */
  async ended(arn: string): Promise<StoppedEnd> {
    const run = this.#running.get(arn);
    if (run) return run.ended;
    const { end, stopMs = 0 } = this.#options.store.get(arn);
    if (!end)
      throw new StatesApiError(
        'ExecutionDoesNotExist',
        `Execution Does Not Exist: '${arn}' was cut off when the engine closed`,
      );
    return { ...end, stopMs };
  }

  /** Aborts everything without recording an end, as a crash would. */
  close(): void {
    const cut = [...this.#running.values()];
    this.#running.clear();
    this.#options.store.close();
    for (const run of cut) {
      run.cancelTimeout();
      run.history.close();
      run.controller.abort();
    }
  }

  #run(request: LaunchRequest, history: History, signal: AbortSignal): void {
    const { info, region, group, input, host } = request;
    const execution: Execution = {
      arn: info.arn,
      name: info.name,
      stateMachineArn: info.stateMachineArn,
      stateMachineName: info.stateMachineArn.split(':').slice(6).join(':'),
      roleArn: info.roleArn,
      region,
      input,
      startMs: info.startMs,
      history,
      host,
      variablesBytes: 0,
      runGroup: (nested, nestedInput, branch) => runGroup(execution, nested, nestedInput, branch),
    };
    const cursor = { eventId: 0 };
    const scope = { variables: new Map<string, Json>(), parent: undefined };
    runGroup(execution, group, input, { scope, cursor, signal, mapContext: undefined }).then(
      (output) => this.finish(info.arn, { status: 'SUCCEEDED', output: JSON.stringify(output) }, cursor.eventId),
      (error: unknown) => this.finish(info.arn, endAfter(error), cursor.eventId),
    );
  }
}

function endDetails(end: ExecutionEnd): { readonly [field: string]: unknown } {
  const { output, error, cause } = end;
  if (output !== undefined) return { output, outputDetails: { truncated: false } };
  return { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
}

function endAfter(error: unknown): ExecutionEnd {
  if (error instanceof BranchAborted) return { status: 'ABORTED' };
  if (error instanceof StateFailure) {
    return {
      status: 'FAILED',
      ...(error.error === '' ? {} : { error: error.error }),
      ...(error.causeText === '' ? {} : { cause: error.causeText }),
    };
  }
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { status: 'FAILED', error: 'States.Runtime', cause };
}
