import type { Clock } from './ports.ts';

/** One event of an execution's history, as GetExecutionHistory tells it. `details` go under the key of their event type. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly details?: HistoryDetails;
}

export type HistoryDetails = { readonly [field: string]: unknown };

/** Where a branch stands in the history: its next event follows `eventId`. */
export interface HistoryCursor {
  eventId: number;
}

/** Numbers an execution's events and hands them on, until it is closed: what an ended execution still does is not told. */
export class History {
  #lastId = 0;
  #closed = false;
  readonly #clock: Clock;
  readonly #write: (event: HistoryEvent) => void;

  constructor(clock: Clock, write: (event: HistoryEvent) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Records an event after the cursor's, moves the cursor to it and returns its id. */
  record(cursor: HistoryCursor, type: string, details?: HistoryDetails): number {
    if (this.#closed) return this.#lastId;
    this.#lastId += 1;
    const event = { id: this.#lastId, previousEventId: cursor.eventId, type, timestampMs: this.#clock.nowMs() };
    this.#write(details === undefined ? event : { ...event, details });
    cursor.eventId = this.#lastId;
    return this.#lastId;
  }

  close(): void {
    this.#closed = true;
  }
}

/** The key that holds an event's details in the API's answer (API reference, HistoryEvent). */
export function detailsKey(eventType: string): string {
  const entered = eventType.endsWith('StateEntered') ? 'stateEntered' : undefined;
  const exited = eventType.endsWith('StateExited') ? 'stateExited' : undefined;
  const prefix = entered ?? exited ?? `${eventType.charAt(0).toLowerCase()}${eventType.slice(1)}`;
  return `${prefix}EventDetails`;
}
