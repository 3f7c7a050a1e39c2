import { storing } from './errors.ts';
import { JsonService } from './json-service.ts';
import { accessFromEnvironment, type ServiceAccess } from './signed-service.ts';

/** `unknown`: no execution of this ARN was ever started, or Step Functions has not heard of it yet. */
export type ExecutionState = 'going-on' | 'ended' | 'unknown';

const goingOn: ReadonlySet<unknown> = new Set(['RUNNING', 'PENDING_REDRIVE']);

/** The executions of one state machine, and the tasks in them that wait for an answer. */
export class Executions {
  readonly #service: JsonService;

  constructor(access: ServiceAccess = accessFromEnvironment('SFN', 'states')) {
    this.#service = new JsonService('states', 'AWSStepFunctions', '1.0', access);
  }

  /** Starts an execution; answers false where one of this name exists already. */
  async start(stateMachineArn: string, name: string, input: unknown): Promise<boolean> {
    try {
      await storing(`execution ${name}`, () =>
        this.#service.call('StartExecution', { stateMachineArn, name, input: JSON.stringify(input) }),
      );
      return true;
    } catch (error) {
      if (isNamed(error, 'ExecutionAlreadyExists')) return false;
      throw error;
    }
  }

  async stateOf(executionArn: string): Promise<ExecutionState> {
    try {
      const { status } = await storing('an execution', () => this.#service.call('DescribeExecution', { executionArn }));
      return goingOn.has(status) ? 'going-on' : 'ended';
    } catch (error) {
      if (isNamed(error, 'ExecutionDoesNotExist')) return 'unknown';
      throw error;
    }
  }

  /** Ends a waiting task well. A task that no longer waits makes this a late answer, which changes nothing. */
  async succeed(taskToken: string, output: unknown): Promise<'resumed' | 'late'> {
    return this.#answer('SendTaskSuccess', { taskToken, output: JSON.stringify(output) });
  }

  async fail(taskToken: string, error: string, cause: string): Promise<'resumed' | 'late'> {
    return this.#answer('SendTaskFailure', { taskToken, error, cause });
  }

  close(): void {
    this.#service.close();
  }

  async #answer(operation: string, input: object): Promise<'resumed' | 'late'> {
    try {
      await storing('a waiting task', () => this.#service.call(operation, input));
      return 'resumed';
    } catch (error) {
      if (isNamed(error, 'TaskTimedOut') || isNamed(error, 'TaskDoesNotExist')) return 'late';
      throw error;
    }
  }
}

function isNamed(error: unknown, name: string): boolean {
  return (error as Error).name === name;
}
