import { Buffer } from 'node:buffer';
import { asyncRecord, deadLetterAttributes } from './async-failure.ts';
import { LambdaApiError } from './errors.ts';
import type { FunctionDefinition } from './function-definition.ts';
import type { Answer } from './function-process.ts';
import type { InvocationResult } from './invocation-result.ts';
import type { ProcessPool } from './process-pool.ts';
import type { FunctionErrorBody } from './worker-protocol.ts';

/** Lambda quotas: payload of a synchronous request or answer, and of an asynchronous event, in bytes. */
const MAX_SYNC_PAYLOAD_BYTES = 6_291_556;
const MAX_ASYNC_PAYLOAD_BYTES = 1_048_576;

/** Waits before the retries of an asynchronous invocation ("Error handling for asynchronous invocation": one minute, then two). */
const RETRY_DELAYS_MS = [60_000, 120_000];

export interface Invocation {
  /** `ingest-file` */
  readonly functionName: string;
  readonly requestId: string;
  readonly event: unknown;
  /** Set when the function answered. */
  readonly result?: unknown;
  /** Set when it failed. */
  readonly error?: FunctionErrorBody;
  readonly durationMs: number;
}

export interface FunctionServiceOptions {
  readonly functions: readonly FunctionDefinition[];
  readonly pool: ProcessPool;
  readonly uuid: () => string;
  readonly clock: () => number;
  /** Calls the action once after the delay; answers how to call it off. */
  readonly after: (delayMs: number, action: () => void) => () => void;
  /** Sends a message to the queue of this ARN. */
  readonly sendToQueue: (queueArn: string, body: string, attributes: Readonly<Record<string, string>>) => Promise<void>;
  readonly onInvocation?: (invocation: Invocation) => void;
  /** Told of what has no caller to tell: an asynchronous event that was given up without a queue to go to. */
  readonly onLostEvent: (functionName: string, error: FunctionErrorBody) => void;
}

/** The Lambda service: finds functions by name or ARN and invokes them, synchronously or as events. */
export class FunctionService {
  readonly #options: FunctionServiceOptions;
  readonly #functions = new Map<string, FunctionDefinition>();
  readonly #pendingRetries = new Set<() => void>();
  readonly #underWay = new Set<Promise<void>>();
  #closed = false;

  constructor(options: FunctionServiceOptions) {
    this.#options = options;
    for (const definition of options.functions) {
      this.#functions.set(definition.name, definition);
      this.#functions.set(definition.arn, definition);
    }
  }

  /**
   * InvocationType RequestResponse.
   * @param nameOrArn with or without the qualifier `:$LATEST`
   * @throws LambdaApiError when there is no such function or the payload is too large
   */
  async invoke(nameOrArn: string, payload: string): Promise<InvocationResult> {
    const definition = this.#find(nameOrArn);
    refuseLarge(payload, MAX_SYNC_PAYLOAD_BYTES);
    const requestId = this.#options.uuid();
    return this.#run(definition, requestId, payload);
  }

  /** InvocationType Event: answers at once; failures are tried again, then sent to the function's queues. */
  invokeAsync(nameOrArn: string, payload: string): void {
    const definition = this.#find(nameOrArn);
    refuseLarge(payload, MAX_ASYNC_PAYLOAD_BYTES);
    this.#track(this.#attempt(definition, this.#options.uuid(), payload, 0));
  }

  /** Lets a process of every function stand ready, one after the other, so that the first call of each is a warm one. */
  warm(): Promise<void> {
    const warming = this.#warmAll();
    this.#track(warming);
    return warming;
  }

  /** Ends all processes; events whose retries are due later are lost, those already given up reach their queues. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const callOff of this.#pendingRetries) callOff();
    await this.#options.pool.close();
    await Promise.all(this.#underWay);
  }

  async #warmAll(): Promise<void> {
    for (const definition of this.#options.functions) {
      if (this.#closed) return;
      await this.#options.pool.warm(definition);
    }
  }

  /** Work that nobody waits for, but for `close`. */
  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  #find(nameOrArn: string): FunctionDefinition {
    const definition = this.#functions.get(nameOrArn.replace(/:\$LATEST$/, ''));
    if (definition === undefined) {
      throw new LambdaApiError('ResourceNotFoundException', `Function not found: ${nameOrArn}`);
    }
    return definition;
  }

  async #run(definition: FunctionDefinition, requestId: string, payload: string): Promise<InvocationResult> {
    const startedAtMs = performance.now();
    const answer = withinLimit(
      await this.#options.pool.run(definition, { kind: 'invoke', requestId, payload, functionArn: definition.arn }),
    );
    this.#options.onInvocation?.({
      functionName: definition.title,
      requestId,
      event: JSON.parse(payload),
      ...(answer.ok ? { result: JSON.parse(answer.payload) } : { error: answer.error }),
      durationMs: performance.now() - startedAtMs,
    });
    if (answer.ok) return { requestId, payload: answer.payload };
    return { requestId, functionError: 'Unhandled', payload: JSON.stringify(answer.error) };
  }

  async #attempt(definition: FunctionDefinition, requestId: string, payload: string, retry: number): Promise<void> {
    const result = await this.#run(definition, requestId, payload);
    if (result.functionError === undefined || this.#closed) return;
    const delayMs = RETRY_DELAYS_MS[retry];
    if (retry >= definition.retryAttempts || delayMs === undefined) {
      await this.#giveUp(definition, result, payload, retry + 1);
      return;
    }
    const callOff = this.#options.after(delayMs, () => {
      this.#pendingRetries.delete(callOff);
      this.#track(this.#attempt(definition, requestId, payload, retry + 1));
    });
    this.#pendingRetries.add(callOff);
  }

  async #giveUp(
    definition: FunctionDefinition,
    result: InvocationResult,
    payload: string,
    attempts: number,
  ): Promise<void> {
    const { deadLetterArn, failureDestinationArn } = definition;
    const error: FunctionErrorBody = JSON.parse(result.payload);
    if (deadLetterArn !== undefined) {
      await this.#options.sendToQueue(deadLetterArn, payload, deadLetterAttributes(result.requestId, error));
    }
    if (failureDestinationArn !== undefined) {
      const record = asyncRecord({ definition, result, payload, attempts, atMs: this.#options.clock() });
      await this.#options.sendToQueue(failureDestinationArn, record, {});
    }
    if (deadLetterArn === undefined && failureDestinationArn === undefined)
      this.#options.onLostEvent(definition.title, error);
  }
}

function refuseLarge(payload: string, maxBytes: number): void {
  const bytes = Buffer.byteLength(payload);
  if (bytes > maxBytes) {
    throw new LambdaApiError(
      'RequestTooLargeException',
      `Request must be smaller than ${maxBytes} bytes for the InvokeFunction operation; got ${bytes}`,
    );
  }
}

function withinLimit(answer: Answer): Answer {
  if (!answer.ok || Buffer.byteLength(answer.payload) <= MAX_SYNC_PAYLOAD_BYTES) return answer;
  return {
    ok: false,
    error: {
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: `Response payload size exceeded maximum allowed payload size (${MAX_SYNC_PAYLOAD_BYTES} bytes).`,
    },
  };
}
