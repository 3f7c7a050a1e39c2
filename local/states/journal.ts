import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { JsonLinesFile } from '../json-lines-file.ts';
import type { HistoryEvent } from './history.ts';
import type { ExecutionEnd, ExecutionInfo, MapRunRequest } from './nested.ts';
import type { TaskAnswer } from './task-tokens.ts';

export type JournalRecord =
  | { readonly kind: 'definition'; readonly sha256: string; readonly definition: string }
  | { readonly kind: 'execution-started'; readonly info: ExecutionInfo }
  | { readonly kind: 'execution-ended'; readonly arn: string; readonly end: ExecutionEnd; readonly stopMs: number }
  | {
      readonly kind: 'execution-redriven';
      readonly arn: string;
      readonly clientToken?: string;
      readonly redriveMs: number;
    }
  | { readonly kind: 'task-answered'; readonly token: string; readonly answer: TaskAnswer }
  | { readonly kind: 'map-run-redriven'; readonly arn: string; readonly redriveMs: number }
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
  /** The histories of an owner's executions, by their ARNs. */
  histories(owner: string): ReadonlyMap<string, readonly HistoryEvent[]>;
  /** No more events of this owner will follow. */
  release(owner: string): void;
  close(): void;
}

interface OwnedEvent {
  readonly executionArn: string;
  readonly event: HistoryEvent;
}

function byExecution(owned: readonly OwnedEvent[]): Map<string, HistoryEvent[]> {
  const histories = new Map<string, HistoryEvent[]>();
  for (const { executionArn, event } of owned) {
    const events = histories.get(executionArn);
    if (events) events.push(event);
    else histories.set(executionArn, [event]);
  }
  return histories;
}

/** A journal that lives as long as the process, for simulations and tests. */
export function createMemoryJournal(): Journal {
  const records: JournalRecord[] = [];
  const owned = new Map<string, OwnedEvent[]>();
  return {
    append: (record) => records.push(record),
    records: () => records,
    appendEvent: (owner, executionArn, event) => {
      const events = owned.get(owner) ?? [];
      events.push({ executionArn, event });
      owned.set(owner, events);
    },
    histories: (owner) => byExecution(owned.get(owner) ?? []),
    release: () => undefined,
    close: () => undefined,
  };
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
    histories: (owner) => byExecution((open.get(owner) ?? historyFile(owner)).read<OwnedEvent>()),
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
