import { ServiceError } from './aws-json-server.ts';
import type { EventBus } from './events/bus.ts';
import { putEvents } from './events/put-events.ts';
import { LambdaApiError } from './lambda/errors.ts';
import type { FunctionService } from './lambda/function-service.ts';
import { StateFailure } from './states/errors.ts';
import type { TaskIntegrations, TaskRequest } from './states/ports.ts';

/** What Task states can call here. */
export function taskIntegrations(
  functions: Promise<FunctionService>,
  bus: EventBus,
  clock: () => number,
): TaskIntegrations {
  return {
    supports: ({ service, action }) =>
      `${service}:${action}` === 'lambda:invoke' || `${service}:${action}` === 'events:putEvents',
    invokeTask: (request) =>
      request.resource.service === 'lambda' ? invoke(functions, request) : put(bus, clock, request),
  };
}

interface InvokeArguments {
  readonly FunctionName?: unknown;
  readonly Payload?: unknown;
}

/** Source: Step Functions developer guide, "Invoke an AWS Lambda function with Step Functions". */
async function invoke(
  functions: Promise<FunctionService>,
  { resource, arguments: given }: TaskRequest,
): Promise<unknown> {
  if (resource.functionArn !== undefined) return call(functions, resource.functionArn, given);
  const { FunctionName, Payload = {}, ...others } = given as InvokeArguments;
  const unknown = Object.keys(others);
  if (typeof FunctionName !== 'string' || unknown.length > 0) {
    throw new StateFailure(
      'States.Runtime',
      `lambda:invoke needs FunctionName and knows Payload besides it; got ${Object.keys(given as object).join(', ')}`,
    );
  }
  return { ExecutedVersion: '$LATEST', Payload: await call(functions, FunctionName, Payload), StatusCode: 200 };
}

async function call(functions: Promise<FunctionService>, name: string, payload: unknown): Promise<unknown> {
  try {
    const result = await (await functions).invoke(name, JSON.stringify(payload));
    if (result.functionError === undefined) return JSON.parse(result.payload);
    const { errorType } = JSON.parse(result.payload);
    throw new StateFailure(errorType, result.payload);
  } catch (error) {
    if (error instanceof LambdaApiError)
      throw new StateFailure(`Lambda.${error.code}`, error.message, { cause: error });
    throw error;
  }
}

async function put(bus: EventBus, clock: () => number, { arguments: given }: TaskRequest): Promise<unknown> {
  const { Entries } = given as { Entries?: readonly Record<string, unknown>[] };
  // The optimised integration takes Detail as JSON, the API as text.
  const entries = Entries?.map((entry) => ({
    ...entry,
    ...(typeof entry['Detail'] === 'object' ? { Detail: JSON.stringify(entry['Detail']) } : {}),
  }));
  try {
    const result = putEvents(bus, clock, { Entries: entries }) as { FailedEntryCount: number };
    if (result.FailedEntryCount > 0) throw new StateFailure('EventBridge.FailedEntry', JSON.stringify(result));
    return result;
  } catch (error) {
    if (error instanceof ServiceError)
      throw new StateFailure(`EventBridge.${error.code}`, error.message, { cause: error });
    throw error;
  }
}
