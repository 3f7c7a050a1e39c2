import type { EncoderPlace } from '../model-jobs/encoder-loading.ts';
import type { Embedder } from '../model-jobs/jobs.ts';
import type { EncodedTexts } from '../model-jobs/sentence-encoder.ts';
import type { Provider } from '../runtime/in-process.ts';
import { KeptWorker } from '../runtime/kept-worker.ts';
import type { EmbeddingTask, EmbeddingWorkerReady } from './embedding-worker.ts';

type EmbeddingWorker = KeptWorker<EmbeddingWorkerReady, EmbeddingTask, EncodedTexts>;

/** A second batch waits in each process while it works on the first, so that it never waits for this one. */
const batchesPerWorker = 2;
/**
 * A batch ends at whichever comes first. On a CPU batches are small enough that the processes end a job nearly together; on a GPU
 * large enough that many texts have the same number of tokens.
 */
const batchLimits = {
  cpu: { texts: 32, characters: 1024 },
  cuda: { texts: 2048, characters: 2 ** 18 },
} as const satisfies Record<Provider, BatchLimits>;

interface BatchLimits {
  readonly texts: number;
  readonly characters: number;
}

/** Embeds texts over several processes, one text per run; jobs are served in the order they came. */
export class EmbeddingPool implements Embedder {
  readonly #dims: EmbeddingWorkerReady;
  readonly #workers: readonly EmbeddingWorker[];
  readonly #limits: BatchLimits;
  readonly #held = new Map<EmbeddingWorker, number>();
  readonly #jobs: PooledJob[] = [];

  private constructor(workers: readonly EmbeddingWorker[], limits: BatchLimits) {
    this.#workers = workers;
    this.#limits = limits;
    this.#dims = workers[0]!.ready;
  }

  /** `onLost` hears of a process that ended and could not be started again. */
  static async start(processes: number, startup: EncoderPlace, onLost: (cause: Error) => void): Promise<EmbeddingPool> {
    const module = new URL('./embedding-worker.ts', import.meta.url);
    const workers = await Promise.all(
      Array.from({ length: processes }, () =>
        KeptWorker.start<EmbeddingWorkerReady, EmbeddingTask, EncodedTexts>(module, startup, onLost),
      ),
    );
    return new EmbeddingPool(workers, batchLimits[startup.provider]);
  }

  /**
   * Vectors in the order of `texts`; tokens and times are sums over the processes. Once `signal` aborts, no further batch is begun and
   * the promise rejects with the signal's reason.
   * @throws WorkerTaskError, WorkerExitedError when a process fails or ends; the job can be tried again after the latter.
   */
  embed(model: string, texts: readonly string[], signal: AbortSignal): Promise<EncodedTexts> {
    return new Promise((resolve, reject) => {
      const job = new PooledJob(model, texts, this.#dims[model]!, { resolve, reject });
      signal.addEventListener('abort', () => this.#drop(job, signal.reason), { once: true });
      this.#jobs.push(job);
      for (const worker of this.#workers) this.#feed(worker);
    });
  }

  /** Vector size of a model. */
  async dimsOf(model: string): Promise<number> {
    return this.#dims[model]!;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  #feed(worker: EmbeddingWorker): void {
    for (let held = this.#held.get(worker) ?? 0; held < batchesPerWorker; held += 1) {
      const job = this.#jobs.find((candidate) => candidate.hasMore);
      if (job === undefined) return;
      this.#held.set(worker, held + 1);
      void this.#runBatch(worker, job, job.takeBatch(this.#limits));
    }
  }

  async #runBatch(worker: EmbeddingWorker, job: PooledJob, rows: readonly number[]): Promise<void> {
    try {
      job.accept(rows, await worker.run({ model: job.model, texts: rows.map((row) => job.texts[row]!) }));
      if (job.isDone) this.#drop(job);
    } catch (error) {
      this.#drop(job, error);
    }
    this.#held.set(worker, this.#held.get(worker)! - 1);
    this.#feed(worker);
  }

  #drop(job: PooledJob, failure?: unknown): void {
    const at = this.#jobs.indexOf(job);
    if (at < 0) return;
    this.#jobs.splice(at, 1);
    if (failure === undefined) job.caller.resolve(job.result);
    else job.caller.reject(failure);
  }
}

class PooledJob {
  readonly model: string;
  readonly texts: readonly string[];
  readonly caller: { resolve(result: EncodedTexts): void; reject(reason: unknown): void };
  readonly #dims: number;
  /** Longest first: what is left at the end is short, so no process works on alone. */
  readonly #order: Uint32Array;
  readonly #vectors: Float32Array;
  #taken = 0;
  #accepted = 0;
  #tokens = 0;
  #tokenizeMs = 0;
  #computeMs = 0;

  constructor(model: string, texts: readonly string[], dims: number, caller: PooledJob['caller']) {
    this.model = model;
    this.texts = texts;
    this.caller = caller;
    this.#dims = dims;
    this.#order = Uint32Array.from(texts.keys()).sort((a, b) => texts[b]!.length - texts[a]!.length || a - b);
    this.#vectors = new Float32Array(texts.length * dims);
  }

  get hasMore(): boolean {
    return this.#taken < this.texts.length;
  }

  get isDone(): boolean {
    return this.#accepted === this.texts.length;
  }

  get result(): EncodedTexts {
    return { vectors: this.#vectors, tokens: this.#tokens, tokenizeMs: this.#tokenizeMs, computeMs: this.#computeMs };
  }

  /** Row numbers of the next texts. */
  takeBatch(limits: BatchLimits): readonly number[] {
    const rows: number[] = [];
    for (
      let characters = 0;
      this.hasMore && rows.length < limits.texts && characters < limits.characters;
      this.#taken += 1
    ) {
      const row = this.#order[this.#taken]!;
      rows.push(row);
      characters += this.texts[row]!.length;
    }
    return rows;
  }

  accept(rows: readonly number[], { vectors, tokens, tokenizeMs, computeMs }: EncodedTexts): void {
    for (const [at, row] of rows.entries()) {
      this.#vectors.set(vectors.subarray(at * this.#dims, (at + 1) * this.#dims), row * this.#dims);
    }
    this.#accepted += rows.length;
    this.#tokens += tokens;
    this.#tokenizeMs += tokenizeMs;
    this.#computeMs += computeMs;
  }
}
