import { type StoredExecution, statusOf } from './execution-store.ts';
import type { StatusChange } from './ports.ts';

/** The detail of the event that EventBridge gets when an execution's status changes (recorded from the service). */
export function statusChange(execution: StoredExecution): StatusChange {
  const { info, end, stopMs } = execution;
  const status = statusOf(execution);
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
    redriveCount: 0,
    redriveDate: null,
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason: `Execution is ${status} and cannot be redriven`,
    inputDetails: { included: true },
    outputDetails: end?.output === undefined ? null : { included: true },
    error: end?.error ?? null,
    cause: end?.cause ?? null,
  };
}
