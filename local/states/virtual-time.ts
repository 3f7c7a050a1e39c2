import type { Clock, Scheduler } from './ports.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** A clock that stands still until it is advanced, and the timers on it: a run of days takes no time and repeats exactly. */
export class VirtualTime implements Clock, Scheduler {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    this.#order += 1;
    const timer = { dueMs: this.#nowMs + delayMs, order: this.#order, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets everything run that can run now; then moves to the next timer, and so on, until `promise` has settled. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    for (;;) {
      await this.idle();
      if (settled) return promise;
      if (!this.#fireNext(Number.POSITIVE_INFINITY))
        throw new Error('Nothing more will happen, and the promise has not settled.');
    }
  }

  /** Moves on by `durationMs`, firing what comes due on the way. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await this.idle();
    while (this.#fireNext(untilMs)) await this.idle();
    this.#nowMs = untilMs;
  }

  /** Resolves when all promise reactions that can run without time passing have run. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  #fireNext(untilMs: number): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (!next || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.order < next.order)) next = timer;
    }
    if (!next || next.dueMs > untilMs) return false;
    this.#timers.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.action();
    return true;
  }
}
