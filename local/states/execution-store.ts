import { StatesApiError } from './errors.ts';
import type { HistoryEvent } from './history.ts';
import type { Journal, JournalRecord } from './journal.ts';
import type { ExecutionEnd, ExecutionInfo, MapRunRequest } from './nested.ts';
import type { ExecutionStatus } from './ports.ts';
import type { TaskAnswer } from './task-tokens.ts';

export interface StoredExecution {
  readonly info: ExecutionInfo;
  /** undefined while it runs. */
  readonly end: ExecutionEnd | undefined;
  readonly stopMs: number | undefined;
  readonly redrives: readonly Redrive[];
  /** Orders its end among all that was recorded. */
  readonly endOrder: number;
}

export interface Redrive {
  readonly atMs: number;
  readonly clientToken: string | undefined;
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
  readonly redriveCount: number;
  readonly redriveMs: number | undefined;
  /** Orders its last redrive among all that was recorded. */
  readonly redriveOrder: number;
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
  readonly failuresNotRedrivable: number;
  readonly pendingRedrive: number;
}

export type ListedStatus = ExecutionStatus | 'PENDING_REDRIVE';

export function statusOf(execution: StoredExecution): ExecutionStatus {
  return execution.end?.status ?? 'RUNNING';
}

/** Every execution and map run there was, kept in step with the journal. */
export class ExecutionStore {
  readonly #journal: Journal;
  #closed = false;
  #order = 0;
  readonly #definitions = new Map<string, string>();
  readonly #executions = new Map<string, StoredExecution>();
  readonly #mapRuns = new Map<string, StoredMapRun>();
  /** ARNs of the latest child at each place, by map run. */
  readonly #children = new Map<string, Map<number, string>>();
  readonly #answers = new Map<string, TaskAnswer>();

  constructor(journal: Journal) {
    this.#journal = journal;
    for (const record of journal.records()) this.#apply(record);
  }

  /** Keeps a machine's definition (JSON text) for the executions that run it. */
  define(sha256: string, definition: string): void {
    if (!this.#definitions.has(sha256)) this.#append({ kind: 'definition', sha256, definition });
  }

  definition(sha256: string): string | undefined {
    return this.#definitions.get(sha256);
  }

  begin(info: ExecutionInfo): void {
    this.#append({ kind: 'execution-started', info });
  }

  end(arn: string, end: ExecutionEnd, stopMs: number): void {
    this.#append({ kind: 'execution-ended', arn, end, stopMs });
    if (this.get(arn).info.mapRunArn === undefined) this.#journal.release(arn);
  }

  redrive(arn: string, redriveMs: number, clientToken: string | undefined): void {
    this.#append({
      kind: 'execution-redriven',
      arn,
      redriveMs,
      ...(clientToken === undefined ? {} : { clientToken }),
    });
  }

  answerTask(token: string, answer: TaskAnswer): void {
    this.#append({ kind: 'task-answered', token, answer });
  }

  taskAnswer(token: string): TaskAnswer | undefined {
    return this.#answers.get(token);
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
    if (!this.#closed) this.#journal.appendEvent(info.mapRunArn ?? info.arn, info.arn, event);
  }

  events(info: ExecutionInfo): readonly HistoryEvent[] {
    return this.#journal.histories(info.mapRunArn ?? info.arn).get(info.arn) ?? [];
  }

  /** The histories of a map run's children, by their ARNs. */
  childHistories(mapRunArn: string): ReadonlyMap<string, readonly HistoryEvent[]> {
    return this.#journal.histories(mapRunArn);
  }

  /** The latest child at a place of a map run. */
  child(mapRunArn: string, index: number): StoredExecution | undefined {
    const arn = this.#children.get(mapRunArn)?.get(index);
    return arn === undefined ? undefined : this.get(arn);
  }

  /** Whether a child has still to be redriven: it ended without success before its map run was redriven. */
  awaitsRedrive({ info, end, endOrder }: StoredExecution): boolean {
    if (info.mapRunArn === undefined || end === undefined || end.status === 'SUCCEEDED') return false;
    return endOrder < this.mapRun(info.mapRunArn).redriveOrder;
  }

  /** The status that lists and counts show. */
  listedStatus(execution: StoredExecution): ListedStatus {
    return this.awaitsRedrive(execution) ? 'PENDING_REDRIVE' : statusOf(execution);
  }

  beginMapRun(arn: string, stateMachineArn: string, request: MapRunRequest, startMs: number): void {
    this.#append({ kind: 'map-run-started', arn, stateMachineArn, request, startMs });
  }

  planMapRun(arn: string, items: number, executions: number): void {
    this.#append({ kind: 'map-run-planned', arn, items, executions });
  }

  endMapRun(arn: string, status: 'SUCCEEDED' | 'FAILED' | 'ABORTED', resultsWritten: boolean, stopMs: number): void {
    this.#append({ kind: 'map-run-ended', arn, status, resultsWritten, stopMs });
    this.#journal.release(arn);
  }

  redriveMapRun(arn: string, redriveMs: number): void {
    this.#append({ kind: 'map-run-redriven', arn, redriveMs });
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
    const children = [...(this.#children.get(arn)?.values() ?? [])].map((childArn) => this.get(childArn));
    const count = (weight: (execution: StoredExecution) => number, total: number): MapRunCounts => {
      const of = (status: ListedStatus) =>
        children.reduce((sum, child) => (this.listedStatus(child) === status ? sum + weight(child) : sum), 0);
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
        failuresNotRedrivable: 0,
        pendingRedrive: of('PENDING_REDRIVE'),
      };
    };
    return {
      executions: count(() => 1, mapRun.plannedExecutions),
      items: count((child) => child.info.itemCount ?? 1, mapRun.plannedItems),
    };
  }

  #append(record: JournalRecord): void {
    if (!this.#closed) this.#journal.append(record);
    this.#apply(record);
  }

  #apply(record: JournalRecord): void {
    this.#order += 1;
    switch (record.kind) {
      case 'definition':
        this.#definitions.set(record.sha256, record.definition);
        break;
      case 'execution-started': {
        const { info } = record;
        this.#executions.set(info.arn, { info, end: undefined, stopMs: undefined, redrives: [], endOrder: 0 });
        if (info.mapRunArn !== undefined && info.childIndex !== undefined) {
          const places = this.#children.get(info.mapRunArn) ?? new Map<number, string>();
          this.#children.set(info.mapRunArn, places.set(info.childIndex, info.arn));
        }
        break;
      }
      case 'execution-ended': {
        const { arn, end, stopMs } = record;
        this.#executions.set(arn, { ...this.get(arn), end, stopMs, endOrder: this.#order });
        break;
      }
      case 'execution-redriven': {
        const execution = this.get(record.arn);
        const redrives = [...execution.redrives, { atMs: record.redriveMs, clientToken: record.clientToken }];
        this.#executions.set(record.arn, { ...execution, redrives, end: undefined, stopMs: undefined });
        break;
      }
      case 'task-answered':
        this.#answers.set(record.token, record.answer);
        break;
      case 'map-run-started':
        this.#mapRuns.set(record.arn, {
          arn: record.arn,
          stateMachineArn: record.stateMachineArn,
          request: record.request,
          startMs: record.startMs,
          status: 'RUNNING',
          stopMs: undefined,
          plannedItems: 0,
          plannedExecutions: 0,
          resultsWritten: false,
          redriveCount: 0,
          redriveMs: undefined,
          redriveOrder: 0,
        });
        break;
      case 'map-run-planned':
        this.#updateMapRun(record.arn, { plannedItems: record.items, plannedExecutions: record.executions });
        break;
      case 'map-run-redriven':
        this.#updateMapRun(record.arn, {
          status: 'RUNNING',
          stopMs: undefined,
          redriveCount: this.mapRun(record.arn).redriveCount + 1,
          redriveMs: record.redriveMs,
          redriveOrder: this.#order,
        });
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

  #updateMapRun(arn: string, change: Partial<StoredMapRun>): void {
    this.#mapRuns.set(arn, { ...this.mapRun(arn), ...change });
  }
}
