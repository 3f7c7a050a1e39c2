import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { storing } from './errors.ts';

/** `unknown`: no execution of this ARN was ever started, or Step Functions has not heard of it yet. */
export type ExecutionState = 'going-on' | 'ended' | 'unknown';

const goingOn: ReadonlySet<string | undefined> = new Set(['RUNNING', 'PENDING_REDRIVE']);

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

  async stateOf(executionArn: string): Promise<ExecutionState> {
    try {
      const { status } = await storing('an execution', () =>
        this.#client.send(new DescribeExecutionCommand({ executionArn })),
      );
      return goingOn.has(status) ? 'going-on' : 'ended';
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return 'unknown';
      throw error;
    }
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
