import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** One file per function, with what its processes print. */
export class FunctionLogs {
  readonly #folder: string;
  readonly #streams = new Map<string, WriteStream>();

  /** @param folder exists */
  constructor(folder: string) {
    this.#folder = folder;
  }

  of(functionName: string): WriteStream {
    const known = this.#streams.get(functionName);
    if (known !== undefined) return known;
    const stream = createWriteStream(join(this.#folder, `${functionName}.log`), { flags: 'a' });
    // Every process of the function pipes into the one stream.
    stream.setMaxListeners(0);
    this.#streams.set(functionName, stream);
    return stream;
  }

  async close(): Promise<void> {
    const ends = [...this.#streams.values()].map((stream) => new Promise<void>((resolve) => stream.end(resolve)));
    await Promise.all(ends);
  }
}
