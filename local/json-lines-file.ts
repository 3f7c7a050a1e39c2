import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

/** A file of JSON lines that cannot be read back. */
export class JsonLinesError extends Error {
  override readonly name = 'JsonLinesError';
  readonly code = 'JSON_LINES_CORRUPT';
  readonly retryable = false;
}

/**
 * A file of JSON lines that is appended to. A line counts from the moment it is whole: one cut short, because the process was killed
 * while it wrote, is dropped. Writes are synchronous: when `append` returns, the line outlives this process.
 */
export class JsonLinesFile {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws JsonLinesError naming the line */
  read<T>(): T[] {
    if (!existsSync(this.#path)) return [];
    const text = readFileSync(this.#path, 'utf8');
    const lines = text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .slice(0, -1);
    return lines.map((line, index) => {
      try {
        return JSON.parse(line) as T;
      } catch (cause) {
        throw new JsonLinesError(
          `Line ${index + 1} of ${this.#path} is not JSON: restore the file or remove the line.`,
          { cause },
        );
      }
    });
  }

  append(value: unknown): void {
    this.#descriptor ??= this.#open();
    writeSync(this.#descriptor, `${JSON.stringify(value)}\n`);
  }

  /** Forgets all lines. */
  empty(): void {
    this.#descriptor ??= this.#open();
    ftruncateSync(this.#descriptor);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number {
    const descriptor = openSync(this.#path, 'a');
    const content = readFileSync(this.#path);
    const wholeBytes = content.lastIndexOf(0x0a) + 1;
    if (wholeBytes < content.length) ftruncateSync(descriptor, wholeBytes);
    return descriptor;
  }
}
