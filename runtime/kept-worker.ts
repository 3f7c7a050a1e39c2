import { WorkerProcess } from './worker-process.ts';

/** A worker process that is started anew whenever it ends by itself. The tasks it held fail; later ones go to the new one. */
export class KeptWorker<Ready, Task, Answer> {
  readonly ready: Ready;
  readonly #startAnew: () => Promise<WorkerProcess<Ready, Task, Answer>>;
  readonly #onLost: (cause: Error) => void;
  #current: Promise<WorkerProcess<Ready, Task, Answer>>;
  #stopped = false;

  private constructor(
    first: WorkerProcess<Ready, Task, Answer>,
    startAnew: () => Promise<WorkerProcess<Ready, Task, Answer>>,
    onLost: (cause: Error) => void,
  ) {
    this.ready = first.ready;
    this.#startAnew = startAnew;
    this.#onLost = onLost;
    this.#current = Promise.resolve(first);
    this.#replaceWhenEnded(first);
  }

  /**
   * Starts `module` with `startup`, see `WorkerProcess.start`. `onLost` hears of a replacement that could not be started: the worker
   * is then gone for good, and its owner should end.
   */
  static async start<Ready, Task, Answer>(
    module: URL,
    startup: unknown,
    onLost: (cause: Error) => void,
  ): Promise<KeptWorker<Ready, Task, Answer>> {
    const start = () => WorkerProcess.start<Ready, Task, Answer>(module, startup);
    return new KeptWorker<Ready, Task, Answer>(await start(), start, onLost);
  }

  /** @throws WorkerTaskError, WorkerExitedError as `WorkerProcess.run` */
  async run(task: Task): Promise<Answer> {
    return (await this.#current).run(task);
  }

  /** Ends the current process, and with it the tasks it holds; another takes its place. */
  async replace(): Promise<void> {
    await (await this.#current).stop();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await (await this.#current).stop();
  }

  #replaceWhenEnded(worker: WorkerProcess<Ready, Task, Answer>): void {
    void worker.exited.then(() => {
      if (this.#stopped) return;
      this.#current = this.#startAnew();
      this.#current.then(
        (next) => this.#replaceWhenEnded(next),
        (cause: Error) => this.#onLost(cause),
      );
    });
  }
}
