import {
  ExecutionAlreadyExists,
  ListExecutionsCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { storing } from './errors.ts';

/** The executions of one state machine, and the tasks in them that wait for an answer. */
export class Executions {
  readonly #client: SFNClient;

  constructor(client: SFNClient = new SFNClient({})) {
    this.#client = client;
  }

  /** Starts an execution; answers false where one of this name exists already. */
  async start(stateMachineArn: string, name: string, input: unknown): Promise<boolean> {
    try {
      await storing(`execution ${name}`, () =>
        this.#client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) })),
      );
      return true;
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return false;
      throw error;
    }
  }

  async isAnyRunning(stateMachineArn: string): Promise<boolean> {
    const answer = await storing('the running executions', () =>
      this.#client.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 })),
    );
    return (answer.executions?.length ?? 0) > 0;
  }

  /** Ends a waiting task well. A task that no longer waits makes this a late answer, which changes nothing. */
  async succeed(taskToken: string, output: unknown): Promise<'resumed' | 'late'> {
    return this.#answer(() =>
      this.#client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) })),
    );
  }

  async fail(taskToken: string, error: string, cause: string): Promise<'resumed' | 'late'> {
    return this.#answer(() => this.#client.send(new SendTaskFailureCommand({ taskToken, error, cause })));
  }

  async #answer(send: () => Promise<unknown>): Promise<'resumed' | 'late'> {
    try {
      await storing('a waiting task', send);
      return 'resumed';
    } catch (error) {
      if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist) return 'late';
      throw error;
    }
  }
}
