import { createHash } from 'node:crypto';
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { JournalError } from './errors.ts';
import type { HistoryEvent } from './history.ts';
import type { ExecutionEnd, ExecutionInfo, MapRunRequest } from './nested.ts';

export type JournalRecord =
  | { readonly kind: 'execution-started'; readonly info: ExecutionInfo }
  | { readonly kind: 'execution-ended'; readonly arn: string; readonly end: ExecutionEnd; readonly stopMs: number }
  | {
      readonly kind: 'map-run-started';
      readonly arn: string;
      readonly stateMachineArn: string;
      readonly request: MapRunRequest;
      readonly startMs: number;
    }
  | { readonly kind: 'map-run-planned'; readonly arn: string; readonly items: number; readonly executions: number }
  | {
      readonly kind: 'map-run-ended';
      readonly arn: string;
      readonly status: 'SUCCEEDED' | 'FAILED' | 'ABORTED';
      readonly resultsWritten: boolean;
      readonly stopMs: number;
    };

/**
 * Keeps what happened, durably: which executions and map runs there were and how they ended (the records), and the history
 * of each execution. `owner` groups histories: an execution's own ARN, or the map run's for its children.
 */
export interface Journal {
  append(record: JournalRecord): void;
  records(): readonly JournalRecord[];
  appendEvent(owner: string, executionArn: string, event: HistoryEvent): void;
  events(owner: string, executionArn: string): readonly HistoryEvent[];
  /** No more events of this owner will follow. */
  release(owner: string): void;
  close(): void;
}

interface OwnedEvent {
  readonly executionArn: string;
  readonly event: HistoryEvent;
}

/** A journal that lives as long as the process, for simulations and tests. */
export function createMemoryJournal(): Journal {
  const records: JournalRecord[] = [];
  const events: OwnedEvent[] = [];
  return {
    append: (record) => records.push(record),
    records: () => records,
    appendEvent: (_owner, executionArn, event) => events.push({ executionArn, event }),
    events: (_owner, executionArn) =>
      events.filter((owned) => owned.executionArn === executionArn).map((owned) => owned.event),
    release: () => undefined,
    close: () => undefined,
  };
}

/** A file of JSON lines that is appended to. A last line cut short by a crash is dropped when the file is opened. */
class JsonLinesFile {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

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
        throw new JournalError(`Line ${index + 1} of ${this.#path} is not JSON: restore the file or remove the line.`, {
          cause,
        });
      }
    });
  }

  append(value: unknown): void {
    this.#descriptor ??= this.#open();
    writeSync(this.#descriptor, `${JSON.stringify(value)}\n`);
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

/** A journal in a folder: `executions.jsonl` and one file of events per owner under `history/`. Writes are synchronous. */
export function openFileJournal(folder: string): Journal {
  const historyFolder = join(folder, 'history');
  mkdirSync(historyFolder, { recursive: true });
  const index = new JsonLinesFile(join(folder, 'executions.jsonl'));
  const open = new Map<string, JsonLinesFile>();
  const historyFile = (owner: string) => {
    const readable = owner
      .split(':')
      .slice(6)
      .join('.')
      .replace(/[^\w.-]/g, '_')
      .slice(0, 80);
    const hash = createHash('sha256').update(owner).digest('hex').slice(0, 16);
    return new JsonLinesFile(join(historyFolder, `${readable}-${hash}.jsonl`));
  };
  return {
    append: (record) => index.append(record),
    records: () => index.read<JournalRecord>(),
    appendEvent(owner, executionArn, event) {
      let file = open.get(owner);
      if (!file) {
        file = historyFile(owner);
        open.set(owner, file);
      }
      file.append({ executionArn, event });
    },
    events: (owner, executionArn) =>
      (open.get(owner) ?? historyFile(owner))
        .read<OwnedEvent>()
        .filter((owned) => owned.executionArn === executionArn)
        .map((owned) => owned.event),
    release(owner) {
      open.get(owner)?.close();
      open.delete(owner);
    },
    close() {
      index.close();
      for (const file of open.values()) file.close();
      open.clear();
    },
  };
}
