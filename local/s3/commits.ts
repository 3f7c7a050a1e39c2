import type { Contents } from './contents.ts';
import type { S3Event } from './events.ts';
import type { JournalRecord, Segment } from './records.ts';
import type { S3State } from './state.ts';
import type { S3Store } from './store.ts';

/** A change that has been decided on. */
export interface Change<T> {
  readonly record: JournalRecord;
  readonly event?: S3Event;
  readonly result: T;
}

interface CommitsOptions {
  readonly store: S3Store;
  readonly state: S3State;
  readonly contents: Contents;
  readonly onEvent: (event: S3Event) => void;
}

/** The one way to change the state: a decision, its journalling and its application happen in one turn, so that what was checked still holds. */
export class Commits {
  readonly #options: CommitsOptions;

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  /**
   * @param decide may refuse by throwing; it must not wait
   * @param written new content that the change brings: removed again when the change is refused
   */
  async commit<T>(decide: () => Change<T>, written: readonly Segment[] = []): Promise<T> {
    const { store, state, contents, onEvent } = this.#options;
    let change: Change<T>;
    try {
      change = decide();
      store.append(change.event === undefined ? change.record : { ...change.record, event: change.event });
    } catch (error) {
      await contents.discard(written);
      throw error;
    }
    const freed = state.apply(change.record);
    await store.settled();
    if (change.event !== undefined) onEvent(change.event);
    await contents.discard(freed);
    return change.result;
  }
}
