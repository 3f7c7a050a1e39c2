import { Buffer } from 'node:buffer';
import type { PendingWork } from '../pending-work.ts';
import type { DeadLetter } from '../sqs/dead-letter-queues.ts';
import { asyncRecord, deadLetterAttributes, type GivenUp } from './async-failure.ts';
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

/** An event that a function has still to take. */
export interface PendingEvent {
  readonly functionName: string;
  /** JSON. */
  readonly payload: string;
  readonly receivedAtMs: number;
  /** Attempts that failed so far. */
  readonly failures: number;
  /** When the next attempt is due. */
  readonly dueMs: number;
}

export interface FunctionServiceOptions {
  readonly functions: readonly FunctionDefinition[];
  readonly pool: ProcessPool;
  readonly uuid: () => string;
  readonly clock: () => number;
  /** Calls the action once after the delay; answers how to call it off. */
  readonly after: (delayMs: number, action: () => void) => () => void;
  /** Where events are kept until a function has taken them or they were given up, by request id. */
  readonly pending: PendingWork<PendingEvent>;
  /** Sends a message in the name of the function's role. */
  readonly sendToQueue: (message: DeadLetter, roleArn: string) => Promise<void>;
  readonly onInvocation?: (invocation: Invocation) => void;
  /** Told of what has no caller to tell: an asynchronous event that was given up without a queue to go to. */
  readonly onLostEvent: (functionName: string, error: FunctionErrorBody) => void;
}

/** The Lambda service: finds functions by name or ARN and invokes them, synchronously or as events. */
export class FunctionService {
  readonly #options: FunctionServiceOptions;
  readonly #functions = new Map<string, FunctionDefinition>();
  readonly #callOffs = new Set<() => void>();
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

  /** InvocationType Event: once this returns the event is kept; failures are tried again, then sent to the function's queues. */
  invokeAsync(nameOrArn: string, payload: string): void {
    const { name } = this.#find(nameOrArn);
    refuseLarge(payload, MAX_ASYNC_PAYLOAD_BYTES);
    const nowMs = this.#options.clock();
    const event = { functionName: name, payload, receivedAtMs: nowMs, failures: 0, dueMs: nowMs };
    const requestId = this.#options.uuid();
    this.#options.pending.put(requestId, event);
    this.#schedule(requestId, event);
  }

  /**
   * Takes up the events that were accepted before the cloud stopped or was killed. An attempt that was cut off is made again and does not
   * count as failed; the time in between does not make an event older.
   */
  resume(): void {
    const { pending, clock } = this.#options;
    for (const [requestId, event] of pending.entries()) {
      const resumed = { ...event, receivedAtMs: clock() };
      pending.put(requestId, resumed);
      this.#schedule(requestId, resumed);
    }
  }

  /** @throws LambdaApiError when there is no such function */
  arnOf(nameOrArn: string): string {
    return this.#find(nameOrArn).arn;
  }

  /** Lets a process of every function stand ready, one after the other, so that the first call of each is a warm one. */
  warm(): Promise<void> {
    const warming = this.#warmAll();
    this.#track(warming);
    return warming;
  }

  /** Ends all processes; events that no function has taken yet are taken up by the next `resume`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const callOff of this.#callOffs) callOff();
    await this.#options.pool.close();
    await Promise.all(this.#underWay);
    this.#options.pending.close();
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

  #schedule(requestId: string, event: PendingEvent): void {
    if (this.#closed) return;
    const delayMs = event.dueMs - this.#options.clock();
    if (delayMs <= 0) {
      this.#track(this.#attempt(requestId, event));
      return;
    }
    const callOff = this.#options.after(delayMs, () => {
      this.#callOffs.delete(callOff);
      this.#track(this.#attempt(requestId, event));
    });
    this.#callOffs.add(callOff);
  }

  async #attempt(requestId: string, event: PendingEvent): Promise<void> {
    const { pending, clock } = this.#options;
    const definition = this.#functions.get(event.functionName);
    if (definition === undefined) {
      const errorMessage = `The function ${event.functionName} is gone`;
      this.#options.onLostEvent(event.functionName, { errorType: 'ResourceNotFoundException', errorMessage });
      pending.done(requestId);
      return;
    }
    const result = await this.#run(definition, requestId, event.payload);
    // A function that was stopped with the cloud has not failed.
    if (this.#closed) return;
    if (result.functionError === undefined) {
      pending.done(requestId);
      return;
    }
    const delayMs = RETRY_DELAYS_MS[event.failures];
    const failures = event.failures + 1;
    const dueMs = clock() + (delayMs ?? 0);
    if (delayMs === undefined || event.failures >= definition.retryAttempts) {
      await this.#giveUp(definition, result, event.payload, 'RetriesExhausted', failures);
    } else if (dueMs - event.receivedAtMs > definition.maxEventAgeMs) {
      await this.#giveUp(definition, result, event.payload, 'EventAgeExceeded', failures);
    } else {
      const retried = { ...event, failures, dueMs };
      pending.put(requestId, retried);
      this.#schedule(requestId, retried);
      return;
    }
    pending.done(requestId);
  }

  async #giveUp(
    definition: FunctionDefinition,
    result: InvocationResult,
    payload: string,
    condition: GivenUp,
    attempts: number,
  ): Promise<void> {
    const { deadLetterArn, failureDestinationArn, roleArn } = definition;
    const error: FunctionErrorBody = JSON.parse(result.payload);
    if (deadLetterArn !== undefined) {
      const attributes = deadLetterAttributes(result.requestId, error);
      await this.#options.sendToQueue({ queueArn: deadLetterArn, body: payload, attributes }, roleArn);
    }
    if (failureDestinationArn !== undefined) {
      const body = asyncRecord({ definition, result, payload, condition, attempts, atMs: this.#options.clock() });
      await this.#options.sendToQueue({ queueArn: failureDestinationArn, body, attributes: {} }, roleArn);
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
