import { delay } from './abortable.ts';
import type { State, StateGroup } from './definition.ts';
import { BranchAborted, StateFailure } from './errors.ts';
import type { Json } from './json.ts';
import type { GroupProgress, StatePosition } from './progress.ts';
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
    const counted = { ...visit, retryCount, progress: retryCount === 0 ? visit.progress : undefined };
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

/** Where a group goes on: at a state that was entered already, at one to be entered, or (without a name) nowhere. */
interface Step {
  readonly name: string | undefined;
  readonly payload: Json;
  readonly payloadText: string;
  readonly entered: StatePosition | undefined;
}

function firstStep(group: StateGroup, input: Json, position: GroupProgress['position']): Step {
  switch (position?.kind) {
    case 'in': {
      const { stateName, input: payload } = position;
      return { name: stateName, payload, payloadText: JSON.stringify(payload), entered: position };
    }
    case 'after': {
      const { next, output } = position;
      return { name: next, payload: output, payloadText: JSON.stringify(output), entered: undefined };
    }
    case undefined:
      return { name: group.startAt, payload: input, payloadText: JSON.stringify(input), entered: undefined };
  }
}

/**
 * Runs a group of states from its start, or from where it stood, to an end and answers the last output. Throws the StateFailure that
 * nothing caught.
 */
export async function runGroup(
  execution: Execution,
  group: StateGroup,
  input: Json,
  branch: Branch,
  progress?: GroupProgress,
): Promise<Json> {
  const { history, host } = execution;
  let step = firstStep(group, input, progress?.position);
  while (step.name !== undefined) {
    if (branch.signal.aborted) throw new BranchAborted();
    const { payload, entered } = step;
    const state: State | undefined = group.states.get(step.name);
    if (!state) throw new StateFailure('States.Runtime', `The state '${step.name}' does not exist.`);
    const report = { executionArn: execution.arn, stateName: state.name };
    host.onProgress({ ...report, kind: 'entered' });
    const enteredEventId =
      entered?.enteredEventId ??
      history.record(branch.cursor, `${state.type}StateEntered`, {
        name: state.name,
        input: step.payloadText,
        inputDetails: { truncated: false },
      });
    const enteredMs = entered?.enteredMs ?? host.clock.nowMs();
    let exit: Exit;
    try {
      exit = await visitState({
        execution,
        branch,
        state,
        input: payload,
        enteredMs,
        enteredEventId,
        progress: entered,
      });
    } catch (error) {
      host.onProgress({ ...report, kind: 'failed' });
      throw error;
    }
    if (branch.signal.aborted) throw new BranchAborted();
    const { output, outputJson, assigned, next } = exit;
    history.record(
      branch.cursor,
      `${state.type}StateExited`,
      {
        name: state.name,
        output: outputJson,
        outputDetails: { truncated: false },
        ...(assigned === undefined
          ? {}
          : { assignedVariables: assigned, assignedVariablesDetails: { truncated: false } }),
      },
      next === undefined ? undefined : { next },
    );
    host.onProgress({ ...report, kind: 'exited' });
    step = { name: next, payload: output, payloadText: outputJson, entered: undefined };
  }
  return step.payload;
}
