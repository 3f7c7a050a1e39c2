import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { JsonLinesFile } from './json-lines-file.ts';

/** A line of the file: work as it now stands, or that it is done. */
interface Line<T> {
  readonly id: string;
  readonly work?: T;
}

/**
 * Work that a service has accepted and not yet done, by id, in order of acceptance. With a path it is kept in a file and outlives the
 * process: what was under way when it was killed is found again by the next one, and done at least once.
 */
export class PendingWork<T> {
  readonly #pending = new Map<string, T>();
  readonly #file: JsonLinesFile | undefined;

  /** @param path of the file; left out, the work is lost with the process, as simulations and tests want it */
  constructor(path?: string) {
    if (path === undefined) return;
    mkdirSync(dirname(path), { recursive: true });
    for (const { id, work } of new JsonLinesFile(path).read<Line<T>>()) {
      if (work === undefined) this.#pending.delete(id);
      else this.#pending.set(id, work);
    }
    // Written anew without what is done, and put in the file's place wholly or not at all.
    const next = new JsonLinesFile(`${path}.next`);
    next.empty();
    for (const [id, work] of this.#pending) next.append({ id, work });
    next.close();
    renameSync(`${path}.next`, path);
    this.#file = new JsonLinesFile(path);
  }

  /** Accepts work, or notes how accepted work now stands. */
  put(id: string, work: T): void {
    this.#file?.append({ id, work });
    this.#pending.set(id, work);
  }

  done(id: string): void {
    if (!this.#pending.delete(id)) return;
    if (this.#pending.size === 0) this.#file?.empty();
    else this.#file?.append({ id });
  }

  get(id: string): T | undefined {
    return this.#pending.get(id);
  }

  entries(): [id: string, work: T][] {
    return [...this.#pending];
  }

  close(): void {
    this.#file?.close();
  }
}
