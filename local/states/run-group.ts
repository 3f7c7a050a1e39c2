import { delay } from './abortable.ts';
import type { State, StateGroup } from './definition.ts';
import { BranchAborted, StateFailure } from './errors.ts';
import type { Json } from './json.ts';
import { findCatcher, RetryState } from './retry.ts';
import { runChoice } from './state-choice.ts';
import { runDistributedMap } from './state-distributed-map.ts';
import { runFail } from './state-fail.ts';
import { runInlineMap } from './state-inline-map.ts';
import { runParallel } from './state-parallel.ts';
import { runTask } from './state-task.ts';
import { runWait } from './state-wait.ts';
import { type Branch, bindingsOf, conclude, type Execution, type Exit, type Visit } from './visit.ts';

/** Attempts a state once. Pass and Succeed do nothing but their Output and Assign. */
function attempt(visit: Visit): Promise<Exit> {
  const { state } = visit;
  switch (state.type) {
    case 'Pass':
      return conclude(visit, { output: state.output, assign: state.assign, fallback: visit.input, next: state.next });
    case 'Succeed':
      return conclude(visit, { output: state.output, assign: undefined, fallback: visit.input, next: undefined });
    case 'Fail':
      return runFail({ ...visit, state });
    case 'Choice':
      return runChoice({ ...visit, state });
    case 'Wait':
      return runWait({ ...visit, state });
    case 'Task':
      return runTask({ ...visit, state });
    case 'Parallel':
      return runParallel({ ...visit, state });
    case 'Map':
      return state.mode === 'INLINE' ? runInlineMap({ ...visit, state }) : runDistributedMap({ ...visit, state });
  }
}

/** A failure as Retry and Catch see it; what is neither a failure nor an abort is a fault of this engine or of a port. */
function failureOf(visit: Visit, error: unknown): StateFailure {
  if (error instanceof StateFailure) return error;
  if (error instanceof BranchAborted) throw error;
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new StateFailure(
    'States.Runtime',
    `The state '${visit.state.name}' failed for an unexpected reason: ${reason}`,
    {
      cause: error,
    },
  );
}

/** Visits a state: attempts, Retry, then Catch. */
async function visitState(visit: Omit<Visit, 'retryCount'>): Promise<Exit> {
  const { execution, branch, state } = visit;
  const retries = new RetryState(state.retry, execution.host.random);
  for (let retryCount = 0; ; retryCount += 1) {
    const counted = { ...visit, retryCount };
    let failure: StateFailure;
    try {
      return await attempt(counted);
    } catch (error) {
      failure = failureOf(counted, error);
    }
    const delayMs = retries.nextDelayMs(failure);
    if (delayMs !== undefined) {
      await delay(execution.host.scheduler, delayMs, branch.signal);
      continue;
    }
    const catcher = findCatcher(state.catch, failure);
    if (!catcher) throw failure;
    const errorOutput = { Error: failure.error, Cause: failure.causeText };
    return await conclude(counted, {
      output: catcher.output,
      assign: catcher.assign,
      fallback: errorOutput,
      next: catcher.next,
      bindings: bindingsOf(counted, { errorOutput }),
    });
  }
}

/** Runs a group of states from its start to an end and answers the last output. Throws the StateFailure that nothing caught. */
export async function runGroup(execution: Execution, group: StateGroup, input: Json, branch: Branch): Promise<Json> {
  const { history, host } = execution;
  let payload = input;
  let payloadText = JSON.stringify(input);
  for (let name: string | undefined = group.startAt; name !== undefined; ) {
    if (branch.signal.aborted) throw new BranchAborted();
    const state: State | undefined = group.states.get(name);
    if (!state) throw new StateFailure('States.Runtime', `The state '${name}' does not exist.`);
    const progress = { executionArn: execution.arn, stateName: state.name };
    host.onProgress({ ...progress, kind: 'entered' });
    const enteredEventId = history.record(branch.cursor, `${state.type}StateEntered`, {
      name: state.name,
      input: payloadText,
      inputDetails: { truncated: false },
    });
    let exit: Exit;
    try {
      exit = await visitState({
        execution,
        branch,
        state,
        input: payload,
        enteredMs: host.clock.nowMs(),
        enteredEventId,
      });
    } catch (error) {
      host.onProgress({ ...progress, kind: 'failed' });
      throw error;
    }
    if (branch.signal.aborted) throw new BranchAborted();
    history.record(branch.cursor, `${state.type}StateExited`, {
      name: state.name,
      output: exit.outputJson,
      outputDetails: { truncated: false },
      ...(exit.assigned === undefined
        ? {}
        : { assignedVariables: exit.assigned, assignedVariablesDetails: { truncated: false } }),
    });
    host.onProgress({ ...progress, kind: 'exited' });
    payload = exit.output;
    payloadText = exit.outputJson;
    name = exit.next;
  }
  return payload;
}
