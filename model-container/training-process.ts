import type { HeadTrainingProgress, HeadTrainingTask, TrainedHead } from '../model-jobs/head-training.ts';
import { KeptWorker } from '../runtime/kept-worker.ts';

type TrainingWorker = KeptWorker<undefined, HeadTrainingTask, TrainedHead | HeadTrainingProgress>;

/** The process that trains heads, one job after another in the order they came. */
export class TrainingProcess {
  readonly #worker: TrainingWorker;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(worker: TrainingWorker) {
    this.#worker = worker;
  }

  /** `onLost` hears of a process that ended and could not be started again. */
  static async start(onLost: (cause: Error) => void): Promise<TrainingProcess> {
    const module = new URL('./training-worker.ts', import.meta.url);
    const worker: TrainingWorker = await KeptWorker.start(module, undefined, onLost);
    return new TrainingProcess(worker);
  }

  /**
   * When `signal` aborts, a waiting job is never begun and a running one is ended.
   * @throws WorkerTaskError when the job is refused or fails, WorkerExitedError when the process ends.
   */
  train(task: HeadTrainingTask, signal: AbortSignal): Promise<TrainedHead | HeadTrainingProgress> {
    const turn = this.#last.then(async () => {
      signal.throwIfAborted();
      const end = () => void this.#worker.replace();
      signal.addEventListener('abort', end, { once: true });
      try {
        return await this.#worker.run(task);
      } finally {
        signal.removeEventListener('abort', end);
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  close(): Promise<void> {
    return this.#worker.stop();
  }
}
