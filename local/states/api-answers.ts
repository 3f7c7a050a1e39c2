import type { StateMachine } from './engine.ts';
import type { ListedStatus, MapRunCounts, StoredExecution, StoredMapRun } from './execution-store.ts';
import { detailsKey, type HistoryEvent } from './history.ts';
import type { Redrivability } from './redrivability.ts';

/** The AWS JSON protocol writes times as seconds since the epoch. */
export function seconds(ms: number): number {
  return ms / 1000;
}

function redriven(execution: StoredExecution) {
  const last = execution.redrives.at(-1);
  return {
    redriveCount: execution.redrives.length,
    ...(last === undefined ? {} : { redriveDate: seconds(last.atMs) }),
  };
}

export function listedExecution(execution: StoredExecution, status: ListedStatus) {
  const { info, stopMs } = execution;
  return {
    executionArn: info.arn,
    stateMachineArn: info.stateMachineArn,
    name: info.name,
    status,
    startDate: seconds(info.startMs),
    ...(stopMs === undefined ? {} : { stopDate: seconds(stopMs) }),
    ...(info.mapRunArn === undefined ? {} : { mapRunArn: info.mapRunArn, itemCount: info.itemCount }),
    ...redriven(execution),
  };
}

export function describedExecution(execution: StoredExecution, status: ListedStatus, redrivability: Redrivability) {
  const { info, end } = execution;
  const { itemCount: _, ...listed } = listedExecution(execution, status);
  return {
    ...listed,
    redriveStatus: redrivability.status,
    ...(redrivability.status === 'NOT_REDRIVABLE' ? { redriveStatusReason: redrivability.reason } : {}),
    input: info.input,
    inputDetails: { included: true },
    ...(end?.output === undefined ? {} : { output: end.output, outputDetails: { included: true } }),
    ...(end?.error === undefined ? {} : { error: end.error }),
    ...(end?.cause === undefined ? {} : { cause: end.cause }),
  };
}

export function listedMapRun(mapRun: StoredMapRun) {
  return {
    executionArn: mapRun.request.executionArn,
    mapRunArn: mapRun.arn,
    stateMachineArn: mapRun.stateMachineArn,
    startDate: seconds(mapRun.startMs),
    ...(mapRun.stopMs === undefined ? {} : { stopDate: seconds(mapRun.stopMs) }),
  };
}

export function describedMapRun(
  mapRun: StoredMapRun,
  counts: { readonly executions: MapRunCounts; readonly items: MapRunCounts },
) {
  const { stateMachineArn: _, ...listed } = listedMapRun(mapRun);
  return {
    ...listed,
    status: mapRun.status,
    maxConcurrency: mapRun.request.maxConcurrency,
    toleratedFailureCount: mapRun.request.toleratedFailureCount,
    toleratedFailurePercentage: mapRun.request.toleratedFailurePercentage,
    executionCounts: counts.executions,
    itemCounts: counts.items,
    redriveCount: mapRun.redriveCount,
    ...(mapRun.redriveMs === undefined ? {} : { redriveDate: seconds(mapRun.redriveMs) }),
  };
}

export function toldEvent(event: HistoryEvent, includeData: boolean) {
  const { details } = event;
  const told =
    details && !includeData
      ? Object.fromEntries(Object.entries(details).filter(([key]) => !DATA_FIELDS.has(key)))
      : details;
  return {
    timestamp: seconds(event.timestampMs),
    type: event.type,
    id: event.id,
    previousEventId: event.previousEventId,
    ...(told === undefined ? {} : { [detailsKey(event.type)]: told }),
  };
}

const DATA_FIELDS: ReadonlySet<string> = new Set(['input', 'output', 'parameters', 'assignedVariables']);

export function describedMachine(machine: StateMachine) {
  const { definition } = machine;
  return {
    stateMachineArn: machine.arn,
    name: machine.name,
    status: 'ACTIVE',
    definition: typeof definition === 'string' ? definition : JSON.stringify(definition),
    roleArn: machine.roleArn,
    type: machine.type,
    creationDate: seconds(machine.creationMs),
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
  };
}
