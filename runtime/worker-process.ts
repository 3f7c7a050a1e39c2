import { type ChildProcess, fork } from 'node:child_process';

/**
 * A child process that does tasks one after another, so that heavy numeric work leaves this process's event loop free and
 * uses another core. The other side is `serveTasks`. Messages are structured clones: typed arrays cross as bytes.
 */

/** What the child said about a task it could not do. */
export interface TaskFailure {
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
  readonly retryable: boolean;
}

/** The child refused or failed a task and goes on working. */
export class WorkerTaskError extends Error {
  override readonly name = 'WorkerTaskError';
  readonly code = 'WORKER_TASK_FAILED';
  readonly retryable: boolean;
  readonly failure: TaskFailure;

  constructor(failure: TaskFailure) {
    super(failure.message);
    this.failure = failure;
    this.retryable = failure.retryable;
  }
}

/** The child ended: its tasks are lost and may be given to another. */
export class WorkerExitedError extends Error {
  override readonly name = 'WorkerExitedError';
  readonly code = 'WORKER_EXITED';
  readonly retryable = true;
}

export type ToWorker = { readonly startup: unknown } | { readonly id: number; readonly task: unknown };
export type FromWorker =
  | { readonly ready: unknown }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number | undefined; readonly failure: TaskFailure };

interface Waiting<Answer> {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class WorkerProcess<Ready, Task, Answer> {
  readonly ready: Ready;
  /** Resolves with the reason once the child has ended, for whatever cause. */
  readonly exited: Promise<WorkerExitedError>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #nextId = 0;
  #end: WorkerExitedError | undefined;

  private constructor(child: ChildProcess, ready: Ready, exited: Promise<WorkerExitedError>) {
    this.#child = child;
    this.ready = ready;
    this.exited = exited;
    child.on('message', (message: FromWorker) => this.#settle(message));
    void exited.then((end) => this.#fail(end));
  }

  /**
   * Starts `module` (a file that calls `serveTasks`) and waits until it is ready.
   * @throws WorkerTaskError when the child refuses to start, WorkerExitedError when it ends before it is ready.
   */
  static async start<Ready, Task, Answer>(module: URL, startup: unknown): Promise<WorkerProcess<Ready, Task, Answer>> {
    const child = fork(module, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const exited = new Promise<WorkerExitedError>((resolve) => {
      child.once('error', (cause) =>
        resolve(new WorkerExitedError(`worker ${module.pathname} could not run`, { cause })),
      );
      child.once('exit', (status, signal) =>
        resolve(new WorkerExitedError(`worker ${module.pathname} ended (${signal ?? `status ${status}`})`)),
      );
    });
    child.send({ startup } satisfies ToWorker);
    const first = await Promise.race([
      new Promise<FromWorker>((resolve) => child.once('message', resolve)),
      exited.then((end) => Promise.reject(end)),
    ]);
    if (!('ready' in first)) {
      child.kill('SIGKILL');
      throw 'failure' in first
        ? new WorkerTaskError(first.failure)
        : new TypeError('a worker answered before it was ready');
    }
    return new WorkerProcess<Ready, Task, Answer>(child, first.ready as Ready, exited);
  }

  /** Tasks wait in the child and are done in the order given. */
  run(task: Task): Promise<Answer> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, task } satisfies ToWorker, (error) => {
        if (error !== null) this.#fail(new WorkerExitedError('the worker could not be reached', { cause: error }));
      });
    });
  }

  /** Ends the child at once; tasks in it fail with WorkerExitedError. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  #settle(message: FromWorker): void {
    if (!('id' in message) || message.id === undefined) return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('failure' in message) waiting?.reject(new WorkerTaskError(message.failure));
    else waiting?.resolve(message.answer as Answer);
  }

  #fail(end: WorkerExitedError): void {
    this.#end ??= end;
    for (const waiting of this.#waiting.values()) waiting.reject(end);
    this.#waiting.clear();
  }
}
