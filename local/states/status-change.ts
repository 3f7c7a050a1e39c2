import { type StoredExecution, statusOf } from './execution-store.ts';
import type { StatusChange } from './ports.ts';
import { redrivability } from './redrivability.ts';

/** The detail of the event that EventBridge gets when an execution's status changes (recorded from the service). */
export function statusChange(execution: StoredExecution): StatusChange {
  const { info, end, stopMs, redrives } = execution;
  const status = statusOf(execution);
  const redrivable = redrivability(execution, stopMs ?? info.startMs, 0);
  return {
    executionArn: info.arn,
    stateMachineArn: info.stateMachineArn,
    name: info.name,
    status,
    startDate: info.startMs,
    stopDate: stopMs ?? null,
    input: info.input,
    output: end?.output ?? null,
    stateMachineVersionArn: null,
    stateMachineAliasArn: null,
    redriveCount: redrives.length,
    redriveDate: redrives.at(-1)?.atMs ?? null,
    redriveStatus: redrivable.status,
    redriveStatusReason: redrivable.status === 'NOT_REDRIVABLE' ? redrivable.reason : null,
    inputDetails: { included: true },
    outputDetails: end?.output === undefined ? null : { included: true },
    error: end?.error ?? null,
    cause: end?.cause ?? null,
  };
}
