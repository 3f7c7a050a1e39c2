import { StateFailure, StatesApiError } from './errors.ts';
import { exceedsPayloadLimit, type Json, utf8Bytes } from './json.ts';
import type { IdSource } from './ports.ts';

interface WaitingTask {
  readonly succeed: (output: Json) => void;
  readonly fail: (failure: StateFailure) => void;
  readonly heartbeat: () => void;
}

const TOKEN_PREFIX = 'kindred-task:';
const MAX_TOKEN_CHARACTERS = 2048;

/** The tasks that wait for a token, and the three API calls that answer them. */
export class TaskTokens {
  readonly #waiting = new Map<string, WaitingTask>();
  readonly #ids: IdSource;

  constructor(ids: IdSource) {
    this.#ids = ids;
  }

  issue(): string {
    return Buffer.from(`${TOKEN_PREFIX}${this.#ids.uuid()}`).toString('base64');
  }

  /** Waits for the token's answer; `release` forgets the token, after which answers find no task. */
  wait(token: string, onHeartbeat: () => void): { readonly answer: Promise<Json>; readonly release: () => void } {
    const answer = new Promise<Json>((succeed, fail) => {
      this.#waiting.set(token, { succeed, fail, heartbeat: onHeartbeat });
    });
    return { answer, release: () => this.#waiting.delete(token) };
  }

  succeed(token: string, outputJson: string): void {
    let output: Json;
    try {
      output = JSON.parse(outputJson) as Json;
    } catch {
      throw new StatesApiError('InvalidOutput', "Invalid Output: 'The output is not a JSON text'");
    }
    if (exceedsPayloadLimit(outputJson)) {
      throw new StatesApiError(
        'InvalidOutput',
        `Invalid Output: 'The output has ${utf8Bytes(outputJson)} bytes, which is over the limit'`,
      );
    }
    this.#take(token).succeed(output);
    this.#waiting.delete(token);
  }

  fail(token: string, error: string | undefined, cause: string | undefined): void {
    this.#take(token).fail(new StateFailure(error ?? '', cause ?? ''));
    this.#waiting.delete(token);
  }

  heartbeat(token: string): void {
    this.#take(token).heartbeat();
  }

  #take(token: string): WaitingTask {
    const task = this.#waiting.get(token);
    if (task) return task;
    const known =
      token.length <= MAX_TOKEN_CHARACTERS && Buffer.from(token, 'base64').toString().startsWith(TOKEN_PREFIX);
    if (!known) throw new StatesApiError('InvalidToken', "Invalid Token: 'Invalid token'");
    throw new StatesApiError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
  }
}
