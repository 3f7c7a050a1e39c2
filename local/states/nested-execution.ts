import { abortable } from './abortable.ts';
import type { TaskState } from './definition.ts';
import { BranchAborted, StateFailure, StatesApiError } from './errors.ts';
import { isJsonObject, type Json } from './json.ts';
import type { ExecutionEnd, ExecutionInfo, NestedResult } from './nested.ts';
import type { Visit } from './visit.ts';

/** The Arguments of `states:startExecution`. */
export const NESTED_EXECUTION_ARGUMENTS = ['StateMachineArn', 'Name', 'Input'] as const;

/**
 * A `states:startExecution` task (developer guide, "Start workflow executions from a task state"). The plain call answers
 * at once; `.sync` and `.sync:2` answer when the execution ended, with Input and Output as JSON texts or as JSON.
 * An aborted `.sync` task stops the execution it started; one that is taken up again waits for it further.
 */
export async function runNestedExecution(
  visit: Visit<TaskState>,
  args: Json,
  signal: AbortSignal,
  { submitted, onSubmitted }: { readonly submitted: Json | undefined; readonly onSubmitted: (output: unknown) => void },
): Promise<unknown> {
  const nested = isJsonObject(submitted)
    ? visit.execution.host.findNested(String(submitted['ExecutionArn']))
    : await start(visit, args);
  const started = { ExecutionArn: nested.info.arn, StartDate: nested.info.startMs };
  const { pattern } = visit.state.resource;
  if (pattern !== 'sync' && pattern !== 'sync:2') return started;
  if (submitted === undefined) onSubmitted(started);
  let end: ExecutionEnd & { readonly stopMs: number };
  try {
    end = await abortable(nested.ended, signal);
  } catch (error) {
    if (error instanceof BranchAborted) visit.execution.host.stopNested(nested.info.arn);
    throw error;
  }
  if (end.status !== 'SUCCEEDED') {
    throw new StateFailure('States.TaskFailed', JSON.stringify(description(nested.info, end, (text) => text)));
  }
  return description(nested.info, end, pattern === 'sync' ? (text) => text : (text) => JSON.parse(text) as Json);
}

async function start(visit: Visit<TaskState>, args: Json): Promise<NestedResult> {
  const { host, roleArn } = visit.execution;
  const { StateMachineArn: arn, Name: name, Input: input = {} } = isJsonObject(args) ? args : {};
  if (typeof arn !== 'string' || (name !== undefined && typeof name !== 'string')) {
    throw new StateFailure(
      'States.Runtime',
      "The Arguments of startExecution need a string 'StateMachineArn' and, if given, a string 'Name'.",
    );
  }
  await host.authorize({ roleArn, action: 'states:StartExecution', resource: arn });
  try {
    return host.startNested({
      stateMachineArn: arn,
      name,
      input: typeof input === 'string' ? input : JSON.stringify(input),
    });
  } catch (error) {
    if (error instanceof StatesApiError) {
      throw new StateFailure(`StepFunctions.${error.code}Exception`, error.message, { cause: error });
    }
    throw error;
  }
}

function description(
  info: ExecutionInfo,
  end: ExecutionEnd & { readonly stopMs: number },
  payload: (json: string) => unknown,
) {
  return {
    ...(end.error === undefined ? {} : { Error: end.error }),
    ...(end.cause === undefined ? {} : { Cause: end.cause }),
    ExecutionArn: info.arn,
    Input: payload(info.input),
    InputDetails: { Included: true },
    Name: info.name,
    ...(end.output === undefined ? {} : { Output: payload(end.output), OutputDetails: { Included: true } }),
    StartDate: info.startMs,
    StateMachineArn: info.stateMachineArn,
    Status: end.status,
    StopDate: end.stopMs,
  };
}
