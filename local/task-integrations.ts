import { ServiceError } from './aws-json-server.ts';
import type { EventBus } from './events/bus.ts';
import { putEvents } from './events/put-events.ts';
import { AccessDeniedError } from './iam/access-denied-error.ts';
import { LambdaApiError } from './lambda/errors.ts';
import type { FunctionService } from './lambda/function-service.ts';
import type { ServicePermissions } from './service-permissions.ts';
import { StateFailure } from './states/errors.ts';
import type { Caller, TaskIntegrations, TaskRequest } from './states/ports.ts';

export interface TaskServices {
  readonly functions: Promise<FunctionService>;
  readonly bus: EventBus;
  readonly clock: () => number;
  readonly permissions: ServicePermissions;
}

/** What Task states can call here. */
export function taskIntegrations(services: TaskServices): TaskIntegrations {
  return {
    supports: ({ service, action }) =>
      `${service}:${action}` === 'lambda:invoke' || `${service}:${action}` === 'events:putEvents',
    invokeTask: (request) =>
      request.resource.service === 'lambda' ? invoke(services, request) : put(services, request),
  };
}

interface InvokeArguments {
  readonly FunctionName?: unknown;
  readonly Payload?: unknown;
}

/** Source: Step Functions developer guide, "Invoke an AWS Lambda function with Step Functions". */
async function invoke(services: TaskServices, { resource, arguments: given, caller }: TaskRequest): Promise<unknown> {
  if (resource.functionArn !== undefined) return call(services, caller, resource.functionArn, given);
  const { FunctionName, Payload = {}, ...others } = given as InvokeArguments;
  const unknown = Object.keys(others);
  if (typeof FunctionName !== 'string' || unknown.length > 0) {
    throw new StateFailure(
      'States.Runtime',
      `lambda:invoke needs FunctionName and knows Payload besides it; got ${Object.keys(given as object).join(', ')}`,
    );
  }
  return { ExecutedVersion: '$LATEST', Payload: await call(services, caller, FunctionName, Payload), StatusCode: 200 };
}

async function call(
  { functions, permissions }: TaskServices,
  { roleArn }: Caller,
  name: string,
  payload: unknown,
): Promise<unknown> {
  try {
    const service = await functions;
    permissions.invokeFunction(roleArn, service.arnOf(name));
    const result = await service.invoke(name, JSON.stringify(payload));
    if (result.functionError === undefined) return JSON.parse(result.payload);
    const { errorType } = JSON.parse(result.payload);
    throw new StateFailure(errorType, result.payload);
  } catch (error) {
    if (error instanceof LambdaApiError)
      throw new StateFailure(`Lambda.${error.code}`, error.message, { cause: error });
    // The Lambda client of Step Functions knows no exception of its own for this.
    if (error instanceof AccessDeniedError)
      throw new StateFailure('Lambda.AWSLambdaException', error.message, { cause: error });
    throw error;
  }
}

async function put(
  { bus, clock, permissions }: TaskServices,
  { arguments: given, caller }: TaskRequest,
): Promise<unknown> {
  const { Entries } = given as { Entries?: readonly Record<string, unknown>[] };
  // The optimised integration takes Detail as JSON, the API as text.
  const entries = Entries?.map((entry) => ({
    ...entry,
    ...(typeof entry['Detail'] === 'object' ? { Detail: JSON.stringify(entry['Detail']) } : {}),
  }));
  try {
    permissions.putEvents(caller.roleArn, entries);
    const result = putEvents(bus, clock, { Entries: entries }) as { FailedEntryCount: number };
    if (result.FailedEntryCount > 0) throw new StateFailure('EventBridge.FailedEntry', JSON.stringify(result));
    return result;
  } catch (error) {
    if (error instanceof ServiceError || error instanceof AccessDeniedError)
      throw new StateFailure(`EventBridge.${error.code}`, error.message, { cause: error });
    throw error;
  }
}
