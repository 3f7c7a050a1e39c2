import type { StateGroup } from './definition.ts';
import { BranchAborted, StateFailure, StatesApiError } from './errors.ts';
import type { ExecutionStore, StoredExecution } from './execution-store.ts';
import { History, type HistoryEvent } from './history.ts';
import type { Json } from './json.ts';
import type { ExecutionEnd, ExecutionInfo } from './nested.ts';
import type { Clock, Scheduler, StatusChange } from './ports.ts';
import { type GroupProgress, progressOf } from './progress.ts';
import { runGroup } from './run-group.ts';
import { statusChange } from './status-change.ts';
import { branchOf, type Execution, type ExecutionHost } from './visit.ts';

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

  /** Begins an execution; its first state is entered in a later microtask. */
  launch(request: LaunchRequest): void {
    const { info } = request;
    this.#options.store.begin(info);
    const history = this.#historyOf(info, 0);
    this.#recordStart(info, history);
    this.#start(request, history, undefined);
  }

  /**
   * Takes up an execution that was cut off, where its history stops. Its timeout begins anew: the time in which nothing ran is not the
   * execution's.
   */
  resume(request: LaunchRequest, events: readonly HistoryEvent[]): void {
    const { info } = request;
    const last = events.at(-1);
    const end = last && recordedEnd(last);
    if (last && end) {
      this.#conclude(info.arn, end, last.timestampMs);
      return;
    }
    const history = this.#historyOf(info, last?.id ?? 0);
    if (!last) this.#recordStart(info, history);
    this.#start(request, history, last && progressOf(events));
  }

  /** Runs an ended execution again from the states that did not succeed (API reference, RedriveExecution). */
  redrive(request: LaunchRequest, events: readonly HistoryEvent[], clientToken?: string): void {
    const { clock, store } = this.#options;
    const { info } = request;
    store.redrive(info.arn, clock.nowMs(), clientToken);
    const recorded = [...events];
    const lastId = events.at(-1)?.id ?? 0;
    const history = this.#historyOf(info, lastId, (event) => recorded.push(event));
    const { redrives } = store.get(info.arn);
    history.record({ eventId: lastId, branch: '' }, 'ExecutionRedriven', { redriveCount: redrives.length });
    this.#notify(store.get(info.arn));
    this.#start(request, history, progressOf(recorded));
  }

  /** Ends an execution that was cut off and cannot be taken up again. */
  abandon(info: ExecutionInfo, events: readonly HistoryEvent[], end: ExecutionEnd): void {
    const lastId = events.at(-1)?.id ?? 0;
    const cursor = { eventId: lastId, branch: '' };
    this.#historyOf(info, lastId).record(cursor, EXECUTION_ENDED[end.status], endDetails(end));
    this.#conclude(info.arn, end, this.#options.clock.nowMs());
  }

  /** Ends an execution, once: later calls (of work that was still going on) change nothing. */
  finish(arn: string, end: ExecutionEnd, previousEventId = 0): void {
    const run = this.#running.get(arn);
    if (!run) return;
    this.#running.delete(arn);
    run.cancelTimeout();
    run.history.record({ eventId: previousEventId, branch: '' }, EXECUTION_ENDED[end.status], endDetails(end));
    run.history.close();
    const stopMs = this.#options.clock.nowMs();
    this.#conclude(arn, end, stopMs);
    run.controller.abort();
    run.resolveEnd({ ...end, stopMs });
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

  #historyOf(info: ExecutionInfo, lastId: number, told: (event: HistoryEvent) => void = () => {}): History {
    const { clock, store } = this.#options;
    const write = (event: HistoryEvent) => {
      if (info.type === 'STANDARD') store.record(info, event);
      told(event);
    };
    return new History(clock, write, lastId);
  }

  #recordStart(info: ExecutionInfo, history: History): void {
    history.record({ eventId: 0, branch: '' }, 'ExecutionStarted', {
      input: info.input,
      inputDetails: { truncated: false },
      roleArn: info.roleArn,
    });
    this.#notify(this.#options.store.get(info.arn));
  }

  /** Tells of a STANDARD execution's status. */
  #notify(execution: StoredExecution): void {
    if (execution.info.type === 'STANDARD') this.#options.onStatusChange(statusChange(execution));
  }

  /** The end is told before it is noted as told: killed in between, the next process tells it again. */
  #conclude(arn: string, end: ExecutionEnd, stopMs: number): void {
    const { store } = this.#options;
    this.#notify({ ...store.get(arn), end, stopMs });
    store.end(arn, end, stopMs);
  }

  #start(request: LaunchRequest, history: History, progress: GroupProgress | undefined): void {
    const { info, timeoutSeconds } = request;
    const { promise: ended, resolve: resolveEnd } = Promise.withResolvers<StoppedEnd>();
    const cancelTimeout =
      timeoutSeconds === undefined
        ? () => {}
        : this.#options.scheduler.after(timeoutSeconds * 1000, () => this.finish(info.arn, { status: 'TIMED_OUT' }));
    const controller = new AbortController();
    this.#running.set(info.arn, { controller, history, cancelTimeout, resolveEnd, ended });
    queueMicrotask(() => this.#run(request, history, controller.signal, progress));
  }

  #run(request: LaunchRequest, history: History, signal: AbortSignal, progress: GroupProgress | undefined): void {
    const { info, region, group, input, host } = request;
    const { redrives } = this.#options.store.get(info.arn);
    const execution: Execution = {
      arn: info.arn,
      name: info.name,
      stateMachineArn: info.stateMachineArn,
      stateMachineName: info.stateMachineArn.split(':').slice(6).join(':'),
      roleArn: info.roleArn,
      region,
      input,
      startMs: info.startMs,
      redriveCount: redrives.length,
      redriveMs: redrives.at(-1)?.atMs,
      history,
      host,
      variablesBytes: 0,
      runGroup: (nested, nestedInput, branch, nestedProgress) =>
        runGroup(execution, nested, nestedInput, branch, nestedProgress),
    };
    const branch = branchOf(progress, { parent: undefined, path: '', startedId: 0, signal, mapContext: undefined });
    runGroup(execution, group, input, branch, progress).then(
      (output) => this.finish(info.arn, { status: 'SUCCEEDED', output: JSON.stringify(output) }, branch.cursor.eventId),
      (error: unknown) => this.finish(info.arn, endAfter(error), branch.cursor.eventId),
    );
  }
}

/** The end that an event tells of. */
function recordedEnd({ type, details = {} }: HistoryEvent): ExecutionEnd | undefined {
  const [status] = Object.entries(EXECUTION_ENDED).find(([, name]) => name === type) ?? [];
  if (status === undefined) return undefined;
  const { output, error, cause } = details as Partial<ExecutionEnd>;
  return {
    status: status as ExecutionEnd['status'],
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  };
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
