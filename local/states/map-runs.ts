import { abortable } from './abortable.ts';
import { childStateMachineArn, executionArn, mapRunArn, parseStateMachineArn, type StateMachineArn } from './arns.ts';
import { BranchAborted, StatesApiError } from './errors.ts';
import type { ExecutionRunner } from './execution-runner.ts';
import type { ExecutionStore } from './execution-store.ts';
import type { ChildRequest, ChildResult, ExecutionEnd, ExecutionInfo, MapRunHandle, MapRunRequest } from './nested.ts';
import type { Clock, IdSource } from './ports.ts';
import type { ExecutionHost } from './visit.ts';

/** Longest run of an Express execution, in seconds (developer guide, "Service quotas"). */
export const EXPRESS_TIMEOUT_SECONDS = 300;

export interface MapRunsOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly store: ExecutionStore;
  readonly runner: ExecutionRunner;
}

/** The machine of an execution, or of one of a map run's children. */
function machineOf(info: ExecutionInfo): StateMachineArn {
  const parsed = parseStateMachineArn(info.stateMachineArn);
  if (!parsed) throw new StatesApiError('InvalidArn', `Invalid Arn: '${info.stateMachineArn}'`);
  return parsed;
}

/** Opens a map run in the store. */
export function openMapRun({ clock, ids, store }: MapRunsOptions, request: MapRunRequest): MapRunHandle {
  const machine = machineOf(store.get(request.executionArn).info);
  const id = ids.uuid();
  const arn = mapRunArn(machine, request.label, id);
  store.beginMapRun(arn, childStateMachineArn(machine, request.label), request, clock.nowMs());
  return {
    arn,
    id,
    plan: ({ items, executions }) => store.planMapRun(arn, items, executions),
    end: (status, resultsWritten) => store.endMapRun(arn, status, resultsWritten, clock.nowMs()),
  };
}

/** Runs one child execution of a map run to its end; aborting the request's signal aborts it. */
export async function runChild(
  options: MapRunsOptions,
  host: ExecutionHost,
  request: ChildRequest,
): Promise<ChildResult> {
  const { clock, ids, store, runner } = options;
  const parent = store.get(request.parentExecutionArn).info;
  const machine = machineOf(parent);
  const name = ids.uuid();
  const labelled = { ...machine, name: `${machine.name}/${request.label}` };
  const info: ExecutionInfo = {
    arn: executionArn(labelled, request.type, name, () => ids.uuid()),
    name,
    stateMachineArn: childStateMachineArn(machine, request.label),
    roleArn: parent.roleArn,
    type: request.type,
    input: request.inputJson,
    startMs: clock.nowMs(),
    mapRunArn: request.mapRun.arn,
    itemCount: request.itemCount,
  };
  runner.launch({
    info,
    region: machine.region,
    group: request.group,
    input: request.input,
    timeoutSeconds: request.type === 'EXPRESS' ? EXPRESS_TIMEOUT_SECONDS : undefined,
    host,
  });
  try {
    const { stopMs, ...end } = await abortable(runner.ended(info.arn), request.signal);
    return { info, end, stopMs };
  } catch (error) {
    if (!(error instanceof BranchAborted)) throw error;
    const end: ExecutionEnd = { status: 'ABORTED' };
    runner.finish(info.arn, end);
    return { info, end, stopMs: clock.nowMs() };
  }
}
