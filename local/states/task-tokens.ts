import { StateFailure, StatesApiError } from './errors.ts';
import { exceedsPayloadLimit, type Json, utf8Bytes } from './json.ts';
import type { IdSource } from './ports.ts';

/** What SendTaskSuccess (an output, as JSON text) or SendTaskFailure brought. */
export type TaskAnswer =
  | { readonly output: string }
  | { readonly error: string | undefined; readonly cause: string | undefined };

interface WaitingTask {
  readonly answer: (answer: TaskAnswer) => void;
  readonly heartbeat: () => void;
}

const TOKEN_PREFIX = 'kindred-task:';
const MAX_TOKEN_CHARACTERS = 2048;

/** ARN of the state machine of a token's execution, in a child of a map run with the label behind; `*` for what is no token. */
export function stateMachineOfToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString();
  return (text.startsWith(TOKEN_PREFIX) ? text.split(' ')[1] : undefined) ?? '*';
}

/** The tasks that wait for a token, and the three API calls that answer them. */
export class TaskTokens {
  readonly #waiting = new Map<string, WaitingTask>();
  /** Tokens whose tasks will wait for them again, with the answer if it has come already. */
  readonly #expected = new Map<string, TaskAnswer | undefined>();
  readonly #ids: IdSource;
  readonly #keep: (token: string, answer: TaskAnswer) => void;

  /** @param keep makes an answer durable before it is accepted */
  constructor(ids: IdSource, keep: (token: string, answer: TaskAnswer) => void) {
    this.#ids = ids;
    this.#keep = keep;
  }

  /** A new token, which tells whose it is: an answer is a matter of that state machine. */
  issue(stateMachineArn: string): string {
    return Buffer.from(`${TOKEN_PREFIX}${this.#ids.uuid()} ${stateMachineArn}`).toString('base64');
  }

  /** Takes answers for a task of an execution that is being taken up again. @param answer one that had come before */
  expect(token: string, answer: TaskAnswer | undefined): void {
    this.#expected.set(token, answer);
  }

  /** Waits for the token's answer; `release` forgets the token, after which answers find no task. */
  wait(token: string, onHeartbeat: () => void): { readonly answer: Promise<Json>; readonly release: () => void } {
    const { promise, resolve, reject } = Promise.withResolvers<Json>();
    const answer = (given: TaskAnswer) => {
      if ('output' in given) resolve(JSON.parse(given.output) as Json);
      else reject(new StateFailure(given.error ?? '', given.cause ?? ''));
    };
    const early = this.#expected.get(token);
    this.#expected.delete(token);
    if (early === undefined) this.#waiting.set(token, { answer, heartbeat: onHeartbeat });
    else answer(early);
    return { answer: promise, release: () => this.#waiting.delete(token) };
  }

  succeed(token: string, outputJson: string): void {
    try {
      JSON.parse(outputJson);
    } catch {
      throw new StatesApiError('InvalidOutput', "Invalid Output: 'The output is not a JSON text'");
    }
    if (exceedsPayloadLimit(outputJson)) {
      throw new StatesApiError(
        'InvalidOutput',
        `Invalid Output: 'The output has ${utf8Bytes(outputJson)} bytes, which is over the limit'`,
      );
    }
    this.#answer(token, { output: outputJson });
  }

  fail(token: string, error: string | undefined, cause: string | undefined): void {
    this.#answer(token, { error, cause });
  }

  heartbeat(token: string): void {
    this.#check(token)?.heartbeat();
  }

  #answer(token: string, answer: TaskAnswer): void {
    const task = this.#check(token);
    this.#keep(token, answer);
    this.#waiting.delete(token);
    if (task) task.answer(answer);
    else this.#expected.set(token, answer);
  }

  /** The task that waits; undefined when it is expected to. @throws StatesApiError */
  #check(token: string): WaitingTask | undefined {
    const task = this.#waiting.get(token);
    if (task || (this.#expected.has(token) && this.#expected.get(token) === undefined)) return task;
    const known =
      token.length <= MAX_TOKEN_CHARACTERS && Buffer.from(token, 'base64').toString().startsWith(TOKEN_PREFIX);
    if (!known) throw new StatesApiError('InvalidToken', "Invalid Token: 'Invalid token'");
    throw new StatesApiError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
  }
}
