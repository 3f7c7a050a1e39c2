import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Listening } from '../listening.ts';
import type { ObjectAccess } from '../object-access.ts';
import { PendingWork } from '../pending-work.ts';
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
  /** Publishes in the name of an endpoint's execution role. */
  readonly publish: (roleArn: string, topicArn: string, message: string) => Promise<void>;
  /** Requests that are under way are kept in it. */
  readonly folder: string;
  readonly after: (delayMs: number, action: () => void) => () => void;
  readonly log: (line: string) => void;
}

export interface SageMaker extends Listening {
  /** Takes up the requests that were accepted before the cloud stopped or was killed. */
  resume(): void;
}

/** The endpoints of the template, in front of one model server. */
export async function startSageMaker(options: SageMakerOptions, port: number): Promise<SageMaker> {
  const { objects, modelUrl = '', log } = options;
  const call = (request: ModelRequest) => callModel(modelUrl, request);
  const served = asyncEndpoints(options.resources).map((endpoint): [string, ServedEndpoint] => {
    const { arn, executionRoleArn, name, variantName } = endpoint;
    const invocations = new AsyncInvocations({
      ...options,
      pending: new PendingWork(join(options.folder, `${name}.jsonl`)),
      endpoint,
      callModel: call,
      readObject: (location) => objects.read(executionRoleArn, location),
      publish: (topicArn, message) => options.publish(executionRoleArn, topicArn, message),
      writeObject: (location, body, contentType) => objects.write(executionRoleArn, location, body, contentType),
      onLostAnswer: (inferenceId, error) =>
        log(`The answer to the model job ${inferenceId} is lost: ${(error as Error).message}`),
      uuid: randomUUID,
    });
    return [name, { arn, variantName, invocations, callModel: call }];
  });
  const server = await startRuntimeServer({ ...options, endpoints: new Map(served) }, port);
  return {
    ...server,
    resume() {
      for (const [, { invocations }] of served) invocations.resume();
    },
    async close() {
      await server.close();
      for (const [, { invocations }] of served) invocations.close();
    },
  };
}
