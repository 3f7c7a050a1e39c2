import { abortable } from './abortable.ts';
import { childStateMachineArn, executionArn, mapRunArn, parseStateMachineArn, type StateMachineArn } from './arns.ts';
import { BranchAborted, StatesApiError } from './errors.ts';
import type { ExecutionRunner, LaunchRequest } from './execution-runner.ts';
import type { ExecutionStore, StoredExecution } from './execution-store.ts';
import type { Json } from './json.ts';
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
export function openMapRun(options: MapRunsOptions, request: MapRunRequest): MapRunHandle {
  const { clock, ids, store } = options;
  const machine = machineOf(store.get(request.executionArn).info);
  const arn = mapRunArn(machine, request.label, ids.uuid());
  store.beginMapRun(arn, childStateMachineArn(machine, request.label), request, clock.nowMs());
  return handleOf(options, arn, false);
}

/** Opens a map run again; one that ended without success is redriven: so will be its children that did. */
export function reopenMapRun(options: MapRunsOptions, arn: string): MapRunHandle {
  const { clock, store } = options;
  const { status } = store.mapRun(arn);
  const redriven = status === 'FAILED' || status === 'ABORTED';
  if (redriven) store.redriveMapRun(arn, clock.nowMs());
  return handleOf(options, arn, redriven);
}

function handleOf({ clock, store }: MapRunsOptions, arn: string, redriven: boolean): MapRunHandle {
  let histories: ReturnType<ExecutionStore['childHistories']> | undefined;
  return {
    arn,
    id: arn.split(':').at(-1) ?? '',
    redriven,
    redriveCount: store.mapRun(arn).redriveCount,
    childHistory(executionArn) {
      histories ??= store.childHistories(arn);
      return histories.get(executionArn) ?? [];
    },
    plan: ({ items, executions }) => store.planMapRun(arn, items, executions),
    end: (status, resultsWritten) => store.endMapRun(arn, status, resultsWritten, clock.nowMs()),
  };
}

/**
 * Runs one child execution of a map run to its end; aborting the request's signal aborts it. In a map run that was opened again, a child
 * that has its result is not run; one that was cut off goes on, and one that is to be redriven is, or begins anew if it is EXPRESS.
 */
export async function runChild(
  options: MapRunsOptions,
  host: ExecutionHost,
  request: ChildRequest,
): Promise<ChildResult> {
  const { clock, store, runner } = options;
  const earlier = store.child(request.mapRun.arn, request.index);
  if (earlier?.end && !store.awaitsRedrive(earlier)) {
    return { info: earlier.info, end: earlier.end, stopMs: earlier.stopMs ?? 0, redriveCount: earlier.redrives.length };
  }
  const info = (await runAgain(options, host, request, earlier)) ?? (await launchChild(options, host, request));
  const redriveCount = store.get(info.arn).redrives.length;
  try {
    const { stopMs, ...end } = await abortable(runner.ended(info.arn), request.signal);
    return { info, end, stopMs, redriveCount };
  } catch (error) {
    if (!(error instanceof BranchAborted)) throw error;
    const end: ExecutionEnd = { status: 'ABORTED' };
    runner.finish(info.arn, end);
    return { info, end, stopMs: clock.nowMs(), redriveCount };
  }
}

/** Undefined: the child begins anew. */
async function runAgain(
  { clock, store, runner }: MapRunsOptions,
  host: ExecutionHost,
  request: ChildRequest,
  earlier: StoredExecution | undefined,
): Promise<ExecutionInfo | undefined> {
  if (!earlier) return undefined;
  const { info, end } = earlier;
  if (info.type === 'EXPRESS') {
    if (!end) store.end(info.arn, { status: 'ABORTED' }, clock.nowMs());
    return undefined;
  }
  const launch = launchRequest(host, request, info, JSON.parse(info.input) as Json);
  const events = request.mapRun.childHistory(info.arn);
  if (end) {
    await host.authorize({ roleArn: info.roleArn, action: 'states:RedriveExecution', resource: info.arn });
    runner.redrive(launch, events);
  } else runner.resume(launch, events);
  return info;
}

async function launchChild(
  { clock, ids, store, runner }: MapRunsOptions,
  host: ExecutionHost,
  request: ChildRequest,
): Promise<ExecutionInfo> {
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
    definitionSha256: parent.definitionSha256,
    mapRunArn: request.mapRun.arn,
    itemCount: request.itemCount,
    childIndex: request.index,
  };
  // "IAM policies for using Distributed Map states": the map run follows its children in the role's name.
  await host.authorize({ roleArn: info.roleArn, action: 'states:DescribeExecution', resource: info.arn });
  runner.launch(launchRequest(host, request, info, request.input));
  return info;
}

function launchRequest(host: ExecutionHost, request: ChildRequest, info: ExecutionInfo, input: Json): LaunchRequest {
  return {
    info,
    region: machineOf(info).region,
    group: request.group,
    input,
    timeoutSeconds: request.type === 'EXPRESS' ? EXPRESS_TIMEOUT_SECONDS : undefined,
    host,
  };
}
