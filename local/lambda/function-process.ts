import { type ChildProcess, fork } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { FunctionDefinition } from './function-definition.ts';
import { peakMemoryBytes } from './process-memory.ts';
import type { FunctionErrorBody, InvokeRequest, LoadRequest, WorkerMessage } from './worker-protocol.ts';

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.ts', import.meta.url));

/** Share of a function's memory that JavaScript's old generation may use; the rest is left to buffers, code and native libraries. */
const HEAP_SHARE = 0.9;

/** How often a process that works is looked at, and once more when it answers: what it held in between is not missed. */
const MEMORY_CHECK_MS = 100;
const BYTES_PER_MB = 1024 * 1024;

export type Answer =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: FunctionErrorBody };

/**
 * One process: started for a memory size, then bound to a function for the rest of its life. Runs one invocation at a time.
 * A process that times out, holds more memory than its function may, or ends is of no further use (`alive` is false).
 */
export class FunctionProcess {
  readonly #child: ChildProcess;
  readonly #memoryMb: number;
  #log: Writable | undefined;
  #waiting: ((message: WorkerMessage) => void) | undefined;
  #onDeath: ((error: FunctionErrorBody) => void) | undefined;
  readonly #ended: Promise<void>;
  #alive = true;
  #bound = false;

  constructor(memoryMb: number, compileCacheFolder: string) {
    this.#memoryMb = memoryMb;
    this.#child = fork(BOOTSTRAP, [], {
      execArgv: [`--max-old-space-size=${Math.floor(memoryMb * HEAP_SHARE)}`],
      // What AWS gives every Node.js function; its own variables follow when it is loaded.
      env: { LANG: 'en_US.UTF-8', TZ: ':UTC', NODE_COMPILE_CACHE: compileCacheFolder },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      // In a process group of its own: Ctrl-C is for the cloud, which stops its children in order.
      detached: true,
    });
    this.#child.on('message', (message) => this.#waiting?.(message as WorkerMessage));
    this.#child.on('error', (error) => this.#died(`Error: ${error.message}`));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    this.#child.on('close', (code, signal) => {
      this.#died(`Error: Runtime exited with error: ${signal ? `signal: ${signal}` : `exit status ${code}`}`);
      resolve();
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Whether it has been given its function. */
  get bound(): boolean {
    return this.#bound;
  }

  /** Binds the process to a function. The answer's payload is empty. */
  async load({ folder, handler, environment }: FunctionDefinition, log: Writable): Promise<Answer> {
    this.#child.stdout?.pipe(log, { end: false });
    this.#child.stderr?.pipe(log, { end: false });
    this.#log = log;
    this.#bound = true;
    const request: LoadRequest = { kind: 'load', folder, handler, environment };
    return answerOf(await this.#ask(request));
  }

  /** @param timeoutMs after which the process is killed and a `Sandbox.Timedout` error answered */
  async invoke(request: InvokeRequest, timeoutMs: number): Promise<Answer> {
    const timer = setTimeout(() => {
      this.#fail({
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${request.requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
      });
      this.#child.kill('SIGKILL');
    }, timeoutMs);
    const memoryCheck = setInterval(() => this.#killWhenTooLarge(request.requestId), MEMORY_CHECK_MS);
    try {
      const answer = answerOf(await this.#ask(request));
      return this.#killWhenTooLarge(request.requestId) ?? answer;
    } finally {
      clearTimeout(timer);
      clearInterval(memoryCheck);
    }
  }

  /** Ends the process; resolves once it is gone. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** As Lambda reports it: the runtime was killed, and only the log says why. */
  #killWhenTooLarge(requestId: string): Answer | undefined {
    const usedBytes = this.#alive && this.#child.pid !== undefined ? peakMemoryBytes(this.#child.pid) : undefined;
    if (usedBytes === undefined || usedBytes <= this.#memoryMb * BYTES_PER_MB) return undefined;
    const error = {
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
    };
    const usedMb = Math.ceil(usedBytes / BYTES_PER_MB);
    this.#log?.write(
      `REPORT RequestId: ${requestId} Memory Size: ${this.#memoryMb} MB Max Memory Used: ${usedMb} MB Status: error Error Type: Runtime.OutOfMemory\n`,
    );
    this.#fail(error);
    this.#child.kill('SIGKILL');
    return { ok: false, error };
  }

  #ask(request: LoadRequest | InvokeRequest): Promise<WorkerMessage> {
    const { promise, resolve } = Promise.withResolvers<WorkerMessage>();
    const requestId = request.kind === 'invoke' ? request.requestId : '';
    this.#waiting = resolve;
    this.#onDeath = (error) => resolve({ kind: 'error', requestId, error });
    if (this.#alive) this.#child.send(request, (error) => error && this.#died(`Error: ${error.message}`));
    else this.#died('Error: Runtime exited before it was called');
    return promise;
  }

  #died(reason: string): void {
    this.#fail({ errorType: 'Runtime.ExitError', errorMessage: reason });
  }

  #fail(error: FunctionErrorBody): void {
    this.#alive = false;
    this.#onDeath?.(error);
  }
}

function answerOf(message: WorkerMessage): Answer {
  switch (message.kind) {
    case 'loaded':
      return { ok: true, payload: '' };
    case 'result':
      return { ok: true, payload: message.payload };
    case 'load-failed':
    case 'error':
      return { ok: false, error: message.error };
  }
}
