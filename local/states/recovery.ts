import { type ExecutionStore, type StoredExecution, statusOf } from './execution-store.ts';
import type { ExecutionEnd } from './nested.ts';

/** How an execution ends that was running when the process died. */
export const INTERRUPTED: ExecutionEnd = {
  status: 'FAILED',
  error: 'States.Runtime',
  cause: 'The embedded cloud stopped while this execution was running. Start a new execution with the same input.',
};

/**
 * Ends every execution and map run that the journal shows as running, and answers the executions so ended. Called once,
 * before anything is started. This is the place where an engine that resumes executions would take them up again instead.
 */
export function endInterrupted(store: ExecutionStore, nowMs: number): StoredExecution[] {
  const interrupted = store.list((execution) => statusOf(execution) === 'RUNNING');
  for (const { info } of interrupted) {
    const { error, cause } = INTERRUPTED;
    if (info.type === 'STANDARD') {
      const previousEventId = store.events(info).at(-1)?.id ?? 0;
      store.record(info, {
        id: previousEventId + 1,
        previousEventId,
        type: 'ExecutionFailed',
        timestampMs: nowMs,
        details: { error, cause },
      });
    }
    store.end(info.arn, INTERRUPTED, nowMs);
  }
  for (const mapRun of store.mapRuns((candidate) => candidate.status === 'RUNNING')) {
    store.endMapRun(mapRun.arn, 'FAILED', false, nowMs);
  }
  return interrupted.map(({ info }) => store.get(info.arn));
}
