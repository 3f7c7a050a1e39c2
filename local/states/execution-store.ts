import { StatesApiError } from './errors.ts';
import type { HistoryEvent } from './history.ts';
import type { Journal, JournalRecord } from './journal.ts';
import type { ExecutionEnd, ExecutionInfo, MapRunRequest } from './nested.ts';
import type { ExecutionStatus } from './ports.ts';

export interface StoredExecution {
  readonly info: ExecutionInfo;
  /** undefined while it runs. */
  readonly end: ExecutionEnd | undefined;
  readonly stopMs: number | undefined;
}

export interface StoredMapRun {
  readonly arn: string;
  readonly stateMachineArn: string;
  readonly request: MapRunRequest;
  readonly startMs: number;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  readonly stopMs: number | undefined;
  readonly plannedItems: number;
  readonly plannedExecutions: number;
  readonly resultsWritten: boolean;
}

export interface MapRunCounts {
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly aborted: number;
  readonly total: number;
  readonly resultsWritten: number;
}

export function statusOf(execution: StoredExecution): ExecutionStatus {
  return execution.end?.status ?? 'RUNNING';
}

/** Every execution and map run there was, kept in step with the journal. */
export class ExecutionStore {
  readonly #journal: Journal;
  #closed = false;
  readonly #executions = new Map<string, StoredExecution>();
  readonly #mapRuns = new Map<string, StoredMapRun>();

  constructor(journal: Journal) {
    this.#journal = journal;
    for (const record of journal.records()) {
      switch (record.kind) {
        case 'execution-started':
          this.#executions.set(record.info.arn, { info: record.info, end: undefined, stopMs: undefined });
          break;
        case 'execution-ended':
          this.#setEnd(record.arn, record.end, record.stopMs);
          break;
        case 'map-run-started':
          this.#setMapRun(record);
          break;
        case 'map-run-planned':
          this.#updateMapRun(record.arn, { plannedItems: record.items, plannedExecutions: record.executions });
          break;
        case 'map-run-ended':
          this.#updateMapRun(record.arn, {
            status: record.status,
            resultsWritten: record.resultsWritten,
            stopMs: record.stopMs,
          });
          break;
      }
    }
  }

  begin(info: ExecutionInfo): void {
    this.#append({ kind: 'execution-started', info });
    this.#executions.set(info.arn, { info, end: undefined, stopMs: undefined });
  }

  end(arn: string, end: ExecutionEnd, stopMs: number): void {
    this.#append({ kind: 'execution-ended', arn, end, stopMs });
    const { info } = this.#setEnd(arn, end, stopMs);
    if (info.mapRunArn === undefined) this.#journal.release(arn);
  }

  /** Nothing is recorded any more, as if the process had ended now. */
  close(): void {
    this.#closed = true;
    this.#journal.close();
  }

  find(arn: string): StoredExecution | undefined {
    return this.#executions.get(arn);
  }

  get(arn: string): StoredExecution {
    const execution = this.#executions.get(arn);
    if (!execution) throw new StatesApiError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return execution;
  }

  /** Executions that match, the latest first. */
  list(matches: (execution: StoredExecution) => boolean): StoredExecution[] {
    return [...this.#executions.values()].filter(matches).reverse();
  }

  record(info: ExecutionInfo, event: HistoryEvent): void {
    this.#journal.appendEvent(info.mapRunArn ?? info.arn, info.arn, event);
  }

  events(info: ExecutionInfo): readonly HistoryEvent[] {
    return this.#journal.events(info.mapRunArn ?? info.arn, info.arn);
  }

  beginMapRun(arn: string, stateMachineArn: string, request: MapRunRequest, startMs: number): void {
    const record = { kind: 'map-run-started', arn, stateMachineArn, request, startMs } as const;
    this.#append(record);
    this.#setMapRun(record);
  }

  planMapRun(arn: string, items: number, executions: number): void {
    this.#append({ kind: 'map-run-planned', arn, items, executions });
    this.#updateMapRun(arn, { plannedItems: items, plannedExecutions: executions });
  }

  endMapRun(arn: string, status: 'SUCCEEDED' | 'FAILED' | 'ABORTED', resultsWritten: boolean, stopMs: number): void {
    this.#append({ kind: 'map-run-ended', arn, status, resultsWritten, stopMs });
    this.#updateMapRun(arn, { status, resultsWritten, stopMs });
    this.#journal.release(arn);
  }

  mapRun(arn: string): StoredMapRun {
    const mapRun = this.#mapRuns.get(arn);
    if (!mapRun) throw new StatesApiError('ResourceNotFound', `Resource not found: '${arn}'`);
    return mapRun;
  }

  mapRuns(matches: (mapRun: StoredMapRun) => boolean): StoredMapRun[] {
    return [...this.#mapRuns.values()].filter(matches).reverse();
  }

  /** Counts of a map run's child executions, and of the items in them. */
  mapRunCounts(arn: string): { readonly executions: MapRunCounts; readonly items: MapRunCounts } {
    const mapRun = this.mapRun(arn);
    const children = this.list((execution) => execution.info.mapRunArn === arn);
    const count = (weight: (execution: StoredExecution) => number, total: number): MapRunCounts => {
      const of = (status: ExecutionStatus) =>
        children.reduce((sum, child) => (statusOf(child) === status ? sum + weight(child) : sum), 0);
      const succeeded = of('SUCCEEDED');
      const failed = of('FAILED');
      const started = children.reduce((sum, child) => sum + weight(child), 0);
      return {
        pending: total - started,
        running: of('RUNNING'),
        succeeded,
        failed,
        timedOut: of('TIMED_OUT'),
        aborted: of('ABORTED'),
        total,
        resultsWritten: mapRun.resultsWritten ? succeeded + failed : 0,
      };
    };
    return {
      executions: count(() => 1, mapRun.plannedExecutions),
      items: count((child) => child.info.itemCount ?? 1, mapRun.plannedItems),
    };
  }

  #append(record: JournalRecord): void {
    if (!this.#closed) this.#journal.append(record);
  }

  #setEnd(arn: string, end: ExecutionEnd, stopMs: number): StoredExecution {
    const ended = { info: this.get(arn).info, end, stopMs };
    this.#executions.set(arn, ended);
    return ended;
  }

  #setMapRun(started: {
    readonly arn: string;
    readonly stateMachineArn: string;
    readonly request: MapRunRequest;
    readonly startMs: number;
  }): void {
    const { arn, stateMachineArn, request, startMs } = started;
    this.#mapRuns.set(arn, {
      arn,
      stateMachineArn,
      request,
      startMs,
      status: 'RUNNING',
      stopMs: undefined,
      plannedItems: 0,
      plannedExecutions: 0,
      resultsWritten: false,
    });
  }

  #updateMapRun(arn: string, change: Partial<StoredMapRun>): void {
    this.#mapRuns.set(arn, { ...this.mapRun(arn), ...change });
  }
}
