import type { PendingWork } from '../pending-work.ts';
import type { AsyncEndpoint } from './endpoint.ts';
import type { ModelAnswer, ModelRequest } from './model-call.ts';

/** First wait after the container answered 429; doubled up to the last. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5_000;

/** A failure's message is cut to this many characters of the container's answer. */
const MAX_REASON_CHARACTERS = 1024;

export interface AsyncRequest {
  /** `s3://bucket/key` */
  readonly inputLocation: string;
  readonly inferenceId: string;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly customAttributes: string | undefined;
  readonly timeoutMs: number;
}

export interface AsyncTicket {
  readonly outputLocation: string;
  readonly failureLocation: string;
}

/** A request that the endpoint has accepted and not yet given notice of. */
export interface PendingInvocation {
  readonly request: AsyncRequest;
  readonly ticket: AsyncTicket;
  readonly receivedAtMs: number;
}

export interface AsyncInvocationsOptions {
  /** Where requests are kept until notice of their outcome has been given. */
  readonly pending: PendingWork<PendingInvocation>;
  readonly endpoint: AsyncEndpoint;
  readonly region: string;
  readonly callModel: (request: ModelRequest) => Promise<ModelAnswer>;
  /** Reads and writes objects (`s3://…`) as the endpoint's execution role. */
  readonly readObject: (location: string) => Promise<Uint8Array>;
  readonly writeObject: (location: string, body: Uint8Array, contentType: string) => Promise<void>;
  /** Resolves once the subscribers have the message. */
  readonly publish: (topicArn: string, message: string) => Promise<void>;
  /** Told of what the endpoint could not tell anybody. */
  readonly onLostAnswer: (inferenceId: string, error: unknown) => void;
  readonly clock: () => number;
  readonly uuid: () => string;
  readonly after: (delayMs: number, action: () => void) => () => void;
}

interface Outcome {
  readonly status: 'Completed' | 'Failed';
  readonly failureReason?: string;
  readonly responseParameters?: { readonly contentType: string; readonly outputLocation: string };
}

/**
 * The queue of an asynchronous endpoint: reads the input from S3, posts it to the container, stores the answer, gives notice by SNS.
 * A request outlives the process: what was queued or under way is asked of the container again by the next one.
 * Source: SageMaker developer guide, "Asynchronous inference", and there "Check prediction results" for the notices.
 */
export class AsyncInvocations {
  readonly #options: AsyncInvocationsOptions;
  readonly #queue: [id: string, PendingInvocation][] = [];
  #running = 0;
  #closed = false;

  constructor(options: AsyncInvocationsOptions) {
    this.#options = options;
  }

  submit(request: AsyncRequest): AsyncTicket {
    const { endpoint, uuid, clock } = this.#options;
    const name = uuid();
    const ticket = {
      outputLocation: `${folderOf(endpoint.outputPath)}${name}.out`,
      failureLocation: `${folderOf(endpoint.failurePath)}${name}-error.out`,
    };
    const invocation = { request, ticket, receivedAtMs: clock() };
    this.#options.pending.put(name, invocation);
    this.#queue.push([name, invocation]);
    this.#drain();
    return ticket;
  }

  /** Takes up the requests that were accepted before the cloud stopped or was killed. */
  resume(): void {
    this.#queue.push(...this.#options.pending.entries());
    this.#drain();
  }

  /** What is queued or under way is taken up by the next `resume`. */
  close(): void {
    this.#closed = true;
    this.#options.pending.close();
  }

  #drain(): void {
    while (!this.#closed && this.#running < this.#options.endpoint.maxConcurrentInvocations) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#running += 1;
      void this.#process(...next).finally(() => {
        this.#running -= 1;
        this.#drain();
      });
    }
  }

  async #process(id: string, { request, ticket, receivedAtMs }: PendingInvocation): Promise<void> {
    const { onLostAnswer, pending } = this.#options;
    const outcome = await this.#outcome(request, ticket);
    // A container that was stopped with the cloud has not failed.
    if (this.#closed) return;
    try {
      await this.#notify(request, receivedAtMs, outcome);
    } catch (error) {
      onLostAnswer(request.inferenceId, error);
    }
    pending.done(id);
  }

  async #outcome(request: AsyncRequest, ticket: AsyncTicket): Promise<Outcome> {
    try {
      const input = await this.#options.readObject(request.inputLocation);
      const answer = await this.#answer(request, input);
      if (answer.status >= 200 && answer.status < 300) {
        await this.#options.writeObject(ticket.outputLocation, answer.body, answer.contentType);
        const responseParameters = { contentType: answer.contentType, outputLocation: ticket.outputLocation };
        return { status: 'Completed', responseParameters };
      }
      await this.#options.writeObject(ticket.failureLocation, answer.body, answer.contentType);
      const kind = answer.status < 500 ? 'client' : 'server';
      const message = answer.body.toString('utf8').slice(0, MAX_REASON_CHARACTERS);
      return {
        status: 'Failed',
        failureReason: `ClientError: Received ${kind} error (${answer.status}) from model with message "${message}".`,
      };
    } catch (error) {
      return { status: 'Failed', failureReason: `InternalServerError: ${(error as Error).message}` };
    }
  }

  /** The container is asked again for as long as it is busy and the invocation may still take. */
  async #answer(request: AsyncRequest, body: Uint8Array): Promise<ModelAnswer> {
    const { callModel, clock, after } = this.#options;
    const deadlineMs = clock() + request.timeoutMs;
    const headers = {
      ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
      ...(request.accept === undefined ? {} : { accept: request.accept }),
      ...(request.customAttributes === undefined
        ? {}
        : { 'x-amzn-sagemaker-custom-attributes': request.customAttributes }),
    };
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(2 * delayMs, LAST_RETRY_MS)) {
      const answer = await callModel({ body, headers, timeoutMs: deadlineMs - clock() });
      if (answer.status !== 429 || clock() + delayMs >= deadlineMs) return answer;
      const { promise, resolve } = Promise.withResolvers<void>();
      after(delayMs, resolve);
      await promise;
    }
  }

  async #notify(
    request: AsyncRequest,
    receivedAtMs: number,
    { status, failureReason, responseParameters }: Outcome,
  ): Promise<void> {
    const { endpoint, region, clock, publish } = this.#options;
    const topicArn = status === 'Completed' ? endpoint.successTopicArn : endpoint.errorTopicArn;
    if (topicArn === undefined) return;
    await publish(
      topicArn,
      JSON.stringify({
        awsRegion: region,
        eventTime: new Date(clock()).toISOString(),
        receivedTime: new Date(receivedAtMs).toISOString(),
        invocationStatus: status,
        ...(failureReason === undefined ? {} : { failureReason }),
        requestParameters: {
          ...(request.accept === undefined ? {} : { accept: request.accept }),
          ...(request.contentType === undefined ? {} : { contentType: request.contentType }),
          endpointName: endpoint.name,
          inputLocation: request.inputLocation,
        },
        ...(responseParameters === undefined ? {} : { responseParameters }),
        inferenceId: request.inferenceId,
        eventVersion: '1.0',
        eventSource: 'aws:sagemaker',
        eventName: 'InferenceResult',
      }),
    );
  }
}

function folderOf(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
