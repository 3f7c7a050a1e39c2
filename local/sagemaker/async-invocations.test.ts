import { describe, expect, it } from 'vitest';
import { PendingWork } from '../pending-work.ts';
import { AsyncInvocations, type AsyncRequest, type PendingInvocation } from './async-invocations.ts';
import type { ModelAnswer, ModelRequest } from './model-call.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const request: AsyncRequest = {
  inputLocation: 's3://drop/model-input/a',
  inferenceId: 'job-1',
  contentType: 'application/json',
  accept: undefined,
  customAttributes: undefined,
  timeoutMs: 900_000,
};
const json = (status: number, body: string): ModelAnswer => ({
  status,
  contentType: 'application/json',
  body: Buffer.from(body),
});

/** An endpoint whose bucket is a map and whose time goes on while it waits. */
function endpoint(
  callModel: (call: ModelRequest) => Promise<ModelAnswer>,
  maxConcurrentInvocations = 4,
  pending = new PendingWork<PendingInvocation>(),
) {
  const objects = new Map<string, { body: string; contentType: string }>([
    ['s3://drop/model-input/a', { body: '{"kind":"embed"}', contentType: '' }],
  ]);
  const notices: { topic: string; message: { [name: string]: unknown } }[] = [];
  const delaysMs: number[] = [];
  let nowMs = START_MS;
  let waiting: (() => void)[] = [];
  let names = 0;
  const invocations = new AsyncInvocations({
    pending,
    endpoint: {
      arn: 'endpoint/models',
      name: 'models',
      variantName: 'all',
      executionRoleArn: 'role',
      outputPath: 's3://drop/model-output',
      failurePath: 's3://drop/model-output/failures/',
      successTopicArn: 'success',
      errorTopicArn: 'error',
      maxConcurrentInvocations,
    },
    region: 'us-east-1',
    callModel,
    readObject: async (location) => {
      const object = objects.get(location);
      if (object === undefined) throw new Error(`The specified key does not exist.`);
      return Buffer.from(object.body);
    },
    writeObject: async (location, body, contentType) => {
      objects.set(location, { body: Buffer.from(body).toString(), contentType });
    },
    publish: async (topic, message) => {
      notices.push({ topic, message: JSON.parse(message) });
      for (const resolve of waiting) resolve();
      waiting = [];
    },
    onLostAnswer: (_, error) => {
      throw error;
    },
    clock: () => nowMs,
    uuid: () => `name-${names++}`,
    after: (delayMs, action) => {
      delaysMs.push(delayMs);
      nowMs += delayMs;
      setImmediate(action);
      return () => {};
    },
  });
  const noticed = () => new Promise<void>((resolve) => waiting.push(resolve));
  return { invocations, objects, notices, noticed, delaysMs };
}

describe('an asynchronous endpoint', () => {
  it('stores the answer and gives notice of it, in the documented shape', async () => {
    const calls: ModelRequest[] = [];
    const { invocations, objects, notices, noticed } = endpoint(async (call) => {
      calls.push(call);
      return { status: 200, contentType: 'application/x-safetensors', body: Buffer.from('vectors') };
    });
    const ticket = invocations.submit(request);
    expect(ticket).toEqual({
      outputLocation: 's3://drop/model-output/name-0.out',
      failureLocation: 's3://drop/model-output/failures/name-0-error.out',
    });
    await noticed();
    expect(Buffer.from(calls[0]!.body).toString()).toBe('{"kind":"embed"}');
    expect(calls[0]).toMatchObject({ headers: { 'content-type': 'application/json' }, timeoutMs: 900_000 });
    expect(objects.get(ticket.outputLocation)).toEqual({ body: 'vectors', contentType: 'application/x-safetensors' });
    // Shape: SageMaker developer guide, "Check prediction results", example of a success notification.
    expect(notices).toEqual([
      {
        topic: 'success',
        message: {
          awsRegion: 'us-east-1',
          eventTime: '2026-01-01T00:00:00.000Z',
          receivedTime: '2026-01-01T00:00:00.000Z',
          invocationStatus: 'Completed',
          requestParameters: {
            contentType: 'application/json',
            endpointName: 'models',
            inputLocation: 's3://drop/model-input/a',
          },
          responseParameters: {
            contentType: 'application/x-safetensors',
            outputLocation: 's3://drop/model-output/name-0.out',
          },
          inferenceId: 'job-1',
          eventVersion: '1.0',
          eventSource: 'aws:sagemaker',
          eventName: 'InferenceResult',
        },
      },
    ]);
  });

  it('asks again, more and more slowly, while the container is busy', async () => {
    const answers = [json(429, '{}'), json(429, '{}'), json(429, '{}'), json(200, '{}')];
    const { invocations, notices, noticed, delaysMs } = endpoint(async () => answers.shift()!);
    invocations.submit(request);
    await noticed();
    expect(delaysMs).toEqual([50, 100, 200]);
    expect(notices[0]).toMatchObject({ topic: 'success', message: { eventTime: '2026-01-01T00:00:00.350Z' } });
  });

  it('reports the container’s refusal, and keeps its body', async () => {
    const { invocations, objects, notices, noticed } = endpoint(async () => json(400, '{"code":"UNKNOWN_MODEL"}'));
    const { failureLocation } = invocations.submit(request);
    await noticed();
    expect(notices[0]).toMatchObject({
      topic: 'error',
      message: {
        invocationStatus: 'Failed',
        failureReason: 'ClientError: Received client error (400) from model with message "{"code":"UNKNOWN_MODEL"}".',
        inferenceId: 'job-1',
      },
    });
    expect(notices[0]?.message).not.toHaveProperty('responseParameters');
    expect(objects.get(failureLocation)?.body).toBe('{"code":"UNKNOWN_MODEL"}');
  });

  it('reports an input that is not there', async () => {
    const { invocations, notices, noticed } = endpoint(async () => json(200, '{}'));
    invocations.submit({ ...request, inputLocation: 's3://drop/model-input/missing' });
    await noticed();
    expect(notices[0]).toMatchObject({
      topic: 'error',
      message: { failureReason: 'InternalServerError: The specified key does not exist.' },
    });
  });

  it('runs no more than it may at a time, in the order of submission', async () => {
    const running: { finish: () => void }[] = [];
    const started: string[] = [];
    const { invocations, noticed } = endpoint((call) => {
      started.push(call.headers['x-amzn-sagemaker-custom-attributes']!);
      return new Promise((resolve) => running.push({ finish: () => resolve(json(200, '{}')) }));
    }, 2);
    for (const customAttributes of ['a', 'b', 'c']) invocations.submit({ ...request, customAttributes });
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toEqual(['a', 'b']);
    const next = noticed();
    running[0]!.finish();
    await next;
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('goes on after the death of the process with what was queued and what was under way', async () => {
    const pending = new PendingWork<PendingInvocation>();
    const first = endpoint(() => new Promise(() => {}), 1, pending);
    const tickets = ['a', 'b'].map((inferenceId) => first.invocations.submit({ ...request, inferenceId }));
    const second = endpoint(async () => json(200, '{}'), 1, pending);
    second.invocations.resume();
    while (second.notices.length < 2) await second.noticed();
    expect(second.notices.map(({ message }) => [message['inferenceId'], message['responseParameters']])).toEqual(
      ['a', 'b'].map((inferenceId, index) => [
        inferenceId,
        { contentType: 'application/json', outputLocation: tickets[index]!.outputLocation },
      ]),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(pending.entries()).toEqual([]);
  });

  it('does not take a container that was stopped with the cloud for one that failed', async () => {
    const pending = new PendingWork<PendingInvocation>();
    const stopped = Promise.withResolvers<ModelAnswer>();
    const { invocations, notices } = endpoint(() => stopped.promise, 1, pending);
    invocations.submit(request);
    invocations.close();
    stopped.reject(new Error('socket hang up'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(notices).toEqual([]);
    expect(pending.entries().map(([, { request: kept }]) => kept)).toEqual([request]);
  });
});
