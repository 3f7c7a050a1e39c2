import type { Writable } from 'node:stream';
import type { FunctionDefinition } from './function-definition.ts';
import { type Answer, FunctionProcess } from './function-process.ts';
import type { InvokeRequest } from './worker-protocol.ts';

export interface PoolOptions {
  readonly compileCacheFolder: string;
  /** Idle processes kept warm over all functions; the one idle for longest goes first. */
  readonly maxIdleProcesses: number;
  /** Where the function's output lines go. */
  readonly logOf: (definition: FunctionDefinition) => Writable;
}

const STOPPED = {
  errorType: 'Runtime.ExitError',
  errorMessage: 'Error: The embedded cloud stopped before the function was called',
};

interface BoundProcess {
  readonly process: FunctionProcess;
  readonly functionName: string;
}

/**
 * The processes of all functions. A process serves one function, one invocation at a time, and is reused while it lives. Invocations beyond
 * a function's concurrency wait in order (the service would throttle them and its callers retry). One process of each memory size stands
 * ready unbound, so that starting Node is not part of a cold start.
 */
export class ProcessPool {
  readonly #options: PoolOptions;
  readonly #spares = new Map<number, FunctionProcess>();
  /** Longest idle first. */
  #idle: BoundProcess[] = [];
  readonly #running = new Map<string, number>();
  readonly #queues = new Map<string, (() => void)[]>();
  readonly #busy = new Set<FunctionProcess>();
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Lets a process of this memory size stand ready. */
  prepare(memoryMb: number): void {
    if (this.#closed || this.#spares.has(memoryMb)) return;
    this.#spares.set(memoryMb, new FunctionProcess(memoryMb, this.#options.compileCacheFolder));
  }

  /** Starts and binds a process for a function that nobody has called yet, as provisioned concurrency does. */
  async warm(definition: FunctionDefinition): Promise<void> {
    const known = this.#idle.some(({ functionName, process }) => functionName === definition.name && process.alive);
    if (this.#closed || known || (this.#running.get(definition.name) ?? 0) > 0) return;
    const bound = this.#take(definition);
    this.#busy.add(bound.process);
    const loaded = await bound.process.load(definition, this.#options.logOf(definition));
    this.prepare(definition.memoryMb);
    // A bundle that cannot be loaded says so to its first caller, who gets the error.
    if (loaded.ok) this.#release(bound);
    else {
      this.#busy.delete(bound.process);
      await bound.process.stop();
    }
  }

  async run(definition: FunctionDefinition, request: Omit<InvokeRequest, 'deadlineMs'>): Promise<Answer> {
    await this.#slot(definition);
    let bound: BoundProcess | undefined;
    try {
      if (this.#closed) return { ok: false, error: STOPPED };
      bound = this.#takeIdle(definition.name) ?? this.#take(definition);
      this.#busy.add(bound.process);
      if (!bound.process.bound) {
        const loaded = await bound.process.load(definition, this.#options.logOf(definition));
        this.prepare(definition.memoryMb);
        if (!loaded.ok) {
          await bound.process.stop();
          return loaded;
        }
      }
      return await bound.process.invoke(
        { ...request, deadlineMs: Date.now() + definition.timeoutMs },
        definition.timeoutMs,
      );
    } finally {
      if (bound !== undefined) this.#release(bound);
      this.#freeSlot(definition.name);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const processes = [...this.#spares.values(), ...this.#idle.map(({ process }) => process), ...this.#busy];
    await Promise.all(processes.map((process) => process.stop()));
  }

  async #slot({ name, concurrency }: FunctionDefinition): Promise<void> {
    const running = this.#running.get(name) ?? 0;
    if (running < concurrency) {
      this.#running.set(name, running + 1);
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const queue = this.#queues.get(name) ?? [];
    queue.push(resolve);
    this.#queues.set(name, queue);
    await promise;
  }

  /** Hands the slot to the invocation that has waited longest. */
  #freeSlot(name: string): void {
    const next = this.#queues.get(name)?.shift();
    if (next) next();
    else this.#running.set(name, (this.#running.get(name) ?? 1) - 1);
  }

  #takeIdle(functionName: string): BoundProcess | undefined {
    const index = this.#idle.findLastIndex((bound) => bound.functionName === functionName && bound.process.alive);
    return index < 0 ? undefined : this.#idle.splice(index, 1)[0];
  }

  #take({ name, memoryMb }: FunctionDefinition): BoundProcess {
    const spare = this.#spares.get(memoryMb);
    this.#spares.delete(memoryMb);
    const process = spare?.alive ? spare : new FunctionProcess(memoryMb, this.#options.compileCacheFolder);
    return { process, functionName: name };
  }

  #release(bound: BoundProcess): void {
    this.#busy.delete(bound.process);
    if (!bound.process.alive || this.#closed) return;
    this.#idle.push(bound);
    while (this.#idle.length > this.#options.maxIdleProcesses) void this.#idle.shift()!.process.stop();
  }
}
