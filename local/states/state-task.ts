import { abortable, linkedController } from './abortable.ts';
import type { TaskState } from './definition.ts';
import { BranchAborted, StateFailure } from './errors.ts';
import type { HistoryDetails } from './history.ts';
import type { Json } from './json.ts';
import { runNestedExecution } from './nested-execution.ts';
import { isNestedExecution, type TaskResource } from './task-resource.ts';
import {
  bindingsOf,
  conclude,
  contextObject,
  type Exit,
  evaluate,
  evaluateNumber,
  payloadJson,
  type Visit,
} from './visit.ts';

const SECONDS = { minimum: 1, maximum: 99_999_999 };
const PATTERN_SUFFIX = { request: '', sync: '.sync', 'sync:2': '.sync:2', token: '.waitForTaskToken' } as const;

/** One call of a task, evaluated and about to be made. */
interface TaskCall {
  readonly visit: Visit<TaskState>;
  readonly args: Json;
  readonly argsJson: string;
  readonly taskToken: string | undefined;
  /** What was answered when the task was handed over by an execution that was then cut off: it is not handed over again. */
  readonly submitted: Json | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

/** A Task state. */
export async function runTask(visit: Visit<TaskState>): Promise<Exit> {
  const { state, execution } = visit;
  const begun = visit.progress?.task;
  const taskToken =
    state.resource.pattern === 'token'
      ? (begun?.taskToken ?? execution.host.tokens.issue(execution.stateMachineArn))
      : undefined;
  const context = contextObject(visit, taskToken === undefined ? {} : { taskToken });
  const bindings = bindingsOf(visit, { context });
  const args = state.arguments ? await evaluate(visit, state.arguments, bindings) : visit.input;
  const call: TaskCall = {
    visit,
    args,
    argsJson: payloadJson(args, state.name),
    taskToken,
    submitted: begun?.submitted,
    timeoutSeconds: await evaluateNumber(visit, state.timeoutSeconds, bindings, SECONDS),
    heartbeatSeconds: await evaluateNumber(visit, state.heartbeatSeconds, bindings, SECONDS),
  };
  const result = await makeCall(call);
  return conclude(visit, {
    output: state.output,
    assign: state.assign,
    fallback: result,
    next: state.next,
    bindings: bindingsOf(visit, { result, context }),
  });
}

/** Makes the call and tells the history of it. */
async function makeCall(call: TaskCall): Promise<Json> {
  const { visit } = call;
  const { history } = visit.execution;
  const { cursor } = visit.branch;
  const events = taskEvents(visit.state.resource, visit.execution.region);
  if (call.submitted === undefined) {
    const [type, details] = events.scheduled(call);
    history.record(cursor, type, details, call.taskToken === undefined ? undefined : { taskToken: call.taskToken });
    history.record(cursor, ...events.started);
  }
  try {
    const answer = await answerInTime(call, (output) => history.record(cursor, ...events.submitted(output)));
    const name = visit.state.resource.functionArn ?? visit.state.resource.service;
    // A copy through JSON: what a service answers may hold dates, undefined fields or class instances.
    const resultJson = payloadJson((answer ?? null) as Json, name);
    history.record(cursor, ...events.succeeded(resultJson));
    return JSON.parse(resultJson) as Json;
  } catch (error) {
    if (error instanceof StateFailure) history.record(cursor, ...events.failed(error));
    throw error;
  }
}

/** The task's answer, unless a timeout, a missed heartbeat or an abort comes first. */
async function answerInTime(call: TaskCall, onSubmitted: (output: unknown) => void): Promise<unknown> {
  const { visit } = call;
  const { scheduler, tokens } = visit.execution.host;
  const { controller, release } = linkedController(visit.branch.signal);
  const cancels: (() => void)[] = [release];
  let over = false;
  const endings: Promise<unknown>[] = [];
  const failAfter = (seconds: number, failure: () => StateFailure): { restart: () => void } => {
    let cancel = () => {};
    let restart = () => {};
    endings.push(
      new Promise((_, reject) => {
        restart = () => {
          cancel();
          cancel = scheduler.after(seconds * 1000, () => reject(failure()));
        };
      }),
    );
    restart();
    cancels.push(() => cancel());
    return { restart };
  };
  if (call.timeoutSeconds !== undefined) failAfter(call.timeoutSeconds, () => new StateFailure('States.Timeout'));
  if (call.taskToken === undefined) {
    endings.push(callService(call, controller.signal, onSubmitted));
  } else {
    const heartbeat =
      call.heartbeatSeconds === undefined
        ? undefined
        : failAfter(
            call.heartbeatSeconds,
            () => new StateFailure('States.Timeout', '', { alias: 'States.HeartbeatTimeout' }),
          );
    const waiting = tokens.wait(call.taskToken, () => heartbeat?.restart());
    cancels.push(waiting.release);
    // The call's own answer only says that the task was submitted, if it is not over by then; a failed call fails the task.
    endings.push(waiting.answer);
    if (call.submitted === undefined) {
      const submitted = callService(call, controller.signal, onSubmitted).then((output) => {
        if (!over) onSubmitted(output);
      });
      endings.push(submitted.then(() => new Promise(() => {})));
    }
  }
  try {
    return await abortable(Promise.race(endings), visit.branch.signal);
  } catch (error) {
    // A task that timed out or was aborted must not go on; one that failed has ended by itself.
    if (error instanceof BranchAborted || (error instanceof StateFailure && error.error === 'States.Timeout'))
      controller.abort();
    throw error;
  } finally {
    over = true;
    for (const cancel of cancels) cancel();
  }
}

function callService(call: TaskCall, signal: AbortSignal, onSubmitted: (output: unknown) => void): Promise<unknown> {
  const { visit, args, taskToken } = call;
  if (isNestedExecution(visit.state.resource))
    return runNestedExecution(visit, args, signal, { submitted: call.submitted, onSubmitted });
  return visit.execution.host.integrations.invokeTask({
    resource: visit.state.resource,
    arguments: args,
    caller: { roleArn: visit.execution.roleArn, executionArn: visit.execution.arn },
    stateName: visit.state.name,
    signal,
    ...(taskToken === undefined ? {} : { taskToken }),
  });
}

type EventArguments = [type: string, details?: HistoryDetails];

interface TaskEvents {
  scheduled(call: TaskCall): EventArguments;
  readonly started: EventArguments;
  submitted(output: unknown): EventArguments;
  succeeded(outputJson: string): EventArguments;
  failed(failure: StateFailure): EventArguments;
}

function failureDetails(failure: StateFailure): HistoryDetails {
  return {
    ...(failure.error === '' ? {} : { error: failure.error }),
    ...(failure.causeText === '' ? {} : { cause: failure.causeText }),
  };
}

/** The history events of a task: those of Lambda for a function's own ARN, those of a service integration else. */
function taskEvents(resource: TaskResource, region: string): TaskEvents {
  const limits = (call: TaskCall) => ({
    ...(call.timeoutSeconds === undefined ? {} : { timeoutInSeconds: call.timeoutSeconds }),
    ...(call.heartbeatSeconds === undefined ? {} : { heartbeatInSeconds: call.heartbeatSeconds }),
  });
  const whole = { truncated: false };
  const kind = resource.functionArn === undefined ? 'Task' : 'LambdaFunction';
  const named =
    resource.functionArn === undefined
      ? { resourceType: resource.service, resource: `${resource.action}${PATTERN_SUFFIX[resource.pattern]}` }
      : {};
  return {
    scheduled: (call) => [
      `${kind}Scheduled`,
      resource.functionArn === undefined
        ? { ...named, region, parameters: call.argsJson, ...limits(call) }
        : { resource: resource.functionArn, input: call.argsJson, inputDetails: whole, ...limits(call) },
    ],
    started: [`${kind}Started`, ...(resource.functionArn === undefined ? [named] : [])] as EventArguments,
    submitted: (output) => [
      'TaskSubmitted',
      { ...named, output: JSON.stringify(output ?? null), outputDetails: whole },
    ],
    succeeded: (outputJson) => [`${kind}Succeeded`, { ...named, output: outputJson, outputDetails: whole }],
    failed: (failure) => [
      failure.error === 'States.Timeout' ? `${kind}TimedOut` : `${kind}Failed`,
      { ...named, ...failureDetails(failure) },
    ],
  };
}
