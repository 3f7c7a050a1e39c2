import type { Clock } from './ports.ts';

/** One event of an execution's history, as GetExecutionHistory tells it. `details` go under the key of their event type. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly details?: HistoryDetails;
  /** The branch it happened in (`branchPath`); absent at the top level. Not told by the API. */
  readonly branch?: string;
  /** What it takes, besides the rest, to take the execution up again behind this event. Not told by the API. */
  readonly kept?: KeptDetails;
}

export type HistoryDetails = { readonly [field: string]: unknown };

export interface KeptDetails {
  /** Of a state's exit: where to go next; absent when its group has ended. */
  readonly next?: string;
  /** Of a task's scheduling: the token that it waits for. */
  readonly taskToken?: string;
}

/** Where a branch stands in the history: its next event follows `eventId`. */
export interface HistoryCursor {
  eventId: number;
  /** The empty string at the top level. */
  readonly branch: string;
}

/** Names a Parallel branch or a Map iteration by the state it belongs to and its index: `/Both/1`, `/Both/1/Each/17`. */
export function branchPath(outer: string, stateName: string, index: number): string {
  return `${outer}/${encodeURIComponent(stateName)}/${index}`;
}

/** Numbers an execution's events and hands them on, until it is closed: what an ended execution still does is not told. */
export class History {
  #lastId: number;
  #closed = false;
  readonly #clock: Clock;
  readonly #write: (event: HistoryEvent) => void;

  /** @param lastId the last event's, when the execution is taken up again */
  constructor(clock: Clock, write: (event: HistoryEvent) => void, lastId = 0) {
    this.#clock = clock;
    this.#write = write;
    this.#lastId = lastId;
  }

  /** Records an event after the cursor's, moves the cursor to it and returns its id. */
  record(cursor: HistoryCursor, type: string, details?: HistoryDetails, kept?: KeptDetails): number {
    if (this.#closed) return this.#lastId;
    this.#lastId += 1;
    this.#write({
      id: this.#lastId,
      previousEventId: cursor.eventId,
      type,
      timestampMs: this.#clock.nowMs(),
      ...(details === undefined ? {} : { details }),
      ...(cursor.branch === '' ? {} : { branch: cursor.branch }),
      ...(kept === undefined ? {} : { kept }),
    });
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
