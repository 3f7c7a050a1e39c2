import { randomUUID } from 'node:crypto';
import type { Listening } from '../listening.ts';
import type { ObjectAccess } from '../object-access.ts';
import type { CloudResource } from '../template/resolved-template.ts';
import { AsyncInvocations } from './async-invocations.ts';
import { asyncEndpoints } from './endpoint.ts';
import { callModel, type ModelRequest } from './model-call.ts';
import { type RuntimeServerOptions, type ServedEndpoint, startRuntimeServer } from './runtime-server.ts';

export interface SageMakerOptions extends Omit<RuntimeServerOptions, 'endpoints'> {
  readonly resources: readonly CloudResource[];
  readonly region: string;
  /** Where the model container's server listens; undefined when the template has no endpoint. */
  readonly modelUrl: string | undefined;
  readonly objects: ObjectAccess;
  readonly publish: (topicArn: string, message: string) => void;
  readonly after: (delayMs: number, action: () => void) => () => void;
  readonly log: (line: string) => void;
}

/** The endpoints of the template, in front of one model server. */
export function startSageMaker(options: SageMakerOptions, port: number): Promise<Listening> {
  const { objects, modelUrl = '', log } = options;
  const call = (request: ModelRequest) => callModel(modelUrl, request);
  const served = asyncEndpoints(options.resources).map((endpoint): [string, ServedEndpoint] => {
    const { executionRoleArn, name, variantName } = endpoint;
    const invocations = new AsyncInvocations({
      ...options,
      endpoint,
      callModel: call,
      readObject: (location) => objects.read(executionRoleArn, location),
      writeObject: (location, body, contentType) => objects.write(executionRoleArn, location, body, contentType),
      onLostAnswer: (inferenceId, error) =>
        log(`The answer to the model job ${inferenceId} is lost: ${(error as Error).message}`),
      uuid: randomUUID,
    });
    return [name, { variantName, invocations, callModel: call }];
  });
  return startRuntimeServer({ ...options, endpoints: new Map(served) }, port);
}
