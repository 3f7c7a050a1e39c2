import type { ExecutionRunner, LaunchRequest } from './execution-runner.ts';
import { type ExecutionStore, type StoredExecution, statusOf } from './execution-store.ts';
import type { ExecutionEnd, ExecutionInfo } from './nested.ts';
import { progressOf, waitingTokens } from './progress.ts';
import type { TaskTokens } from './task-tokens.ts';

/** How an execution ends that the death of the process cut off and that cannot be taken up again. */
export const INTERRUPTED: ExecutionEnd = {
  status: 'FAILED',
  error: 'States.Runtime',
  cause:
    'The embedded cloud stopped while this execution was running, and it cannot be taken up again. Start a new execution with the same input.',
};

export interface RecoveryOptions {
  readonly store: ExecutionStore;
  readonly tokens: TaskTokens;
  readonly runner: ExecutionRunner;
  /** How the execution is run; undefined when its definition cannot be loaded. */
  readonly launchRequestOf: (info: ExecutionInfo) => LaunchRequest | undefined;
  readonly nowMs: () => number;
}

/**
 * Takes up the executions that the journal shows as running, where their histories stop: a state that was entered is attempted again, a
 * task that was handed over is waited for under the token it had. Express executions keep no history and fail, but for children of a map
 * run, which begin anew. Called once, when all machines are there and before anything else is started.
 */
export function resumeExecutions({ store, tokens, runner, launchRequestOf, nowMs }: RecoveryOptions): void {
  const cutOff = store.list((execution) => statusOf(execution) === 'RUNNING').reverse();
  for (const { info } of cutOff) {
    if (info.mapRunArn !== undefined) continue;
    const request = info.type === 'STANDARD' ? launchRequestOf(info) : undefined;
    const events = store.events(info);
    if (!request) runner.abandon(info, events, INTERRUPTED);
    else {
      expectAnswers(store, tokens, events);
      runner.resume(request, events);
    }
  }
  const openMapRuns = store.mapRuns(({ status }) => status === 'RUNNING');
  for (const { arn, request } of openMapRuns) {
    // Killed between its end and that of the execution it belonged to.
    if (statusOf(store.get(request.executionArn)) !== 'RUNNING') store.endMapRun(arn, 'ABORTED', false, nowMs());
  }
  for (const [mapRunArn, children] of Map.groupBy(cutOff, ({ info }) => info.mapRunArn)) {
    if (mapRunArn === undefined) continue;
    const parent = store.get(store.mapRun(mapRunArn).request.executionArn);
    const histories = store.childHistories(mapRunArn);
    for (const { info } of children) {
      const events = histories.get(info.arn) ?? [];
      if (isTakenUpBy(parent)) expectAnswers(store, tokens, events);
      else runner.abandon(info, events, { status: 'ABORTED' });
    }
  }
}

/** A running execution opens its map runs again, and these their children. */
function isTakenUpBy(parent: StoredExecution): boolean {
  return statusOf(parent) === 'RUNNING';
}

/** From now on, before the tasks themselves wait again: what answers them may be quicker. */
function expectAnswers(store: ExecutionStore, tokens: TaskTokens, events: ReturnType<ExecutionStore['events']>): void {
  for (const token of waitingTokens(progressOf(events))) tokens.expect(token, store.taskAnswer(token));
}
