import type { ExecutionState, Executions } from './executions.ts';
import type { RegistryTable } from './registry-table.ts';

/** An execution that was given the lease and of which Step Functions does not know yet is being started: for no longer than this. */
const startLimitMs = 60_000;
/** Takers of one lease at one time are few; each attempt that fails means that another's succeeded. */
const maxAttempts = 10;

/** What became of the wish to start a run. */
export type RunStart =
  | { readonly outcome: 'started' | 'started-before' }
  /** Another run is in progress; `executionName` is its execution's. */
  | { readonly outcome: 'refused'; readonly executionName: string };

/**
 * One segment run at a time. The lease is an item of the registry that names the execution which holds it, and holds for as long as that
 * execution goes on by Step Functions' own account: nobody gives it back, so that no crash can leave it taken. It is taken before an
 * execution is started, and by OpenRun for executions that others started; conditional writes let one of several through.
 */
export class RunLease {
  readonly #registry: RegistryTable;
  readonly #stateOf: (executionArn: string) => Promise<ExecutionState>;
  readonly #nowMs: () => number;

  constructor(
    registry: RegistryTable,
    stateOf: (executionArn: string) => Promise<ExecutionState>,
    nowMs: () => number,
  ) {
    this.#registry = registry;
    this.#stateOf = stateOf;
    this.#nowMs = nowMs;
  }

  /** Takes the lease for an execution; answers the name of the execution that has it already, if another has. */
  async take(executionArn: string): Promise<string | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const held = await this.#registry.findLease();
      if (held && held.executionArn !== executionArn && (attempt === maxAttempts || (await this.#holds(held)))) {
        return executionNameIn(held.executionArn);
      }
      if (await this.#registry.putLease({ executionArn, takenAtMs: this.#nowMs() }, held?.executionArn))
        return undefined;
    }
  }

  /** Starts an execution of the run's state machine unless a run is in progress. */
  async start(executions: Executions, stateMachineArn: string, name: string, input: object): Promise<RunStart> {
    const holder = await this.take(`${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`);
    if (holder !== undefined) return { outcome: 'refused', executionName: holder };
    const isNew = await executions.start(stateMachineArn, name, input);
    return { outcome: isNew ? 'started' : 'started-before' };
  }

  async #holds({ executionArn, takenAtMs }: { executionArn: string; takenAtMs: number }): Promise<boolean> {
    const state = await this.#stateOf(executionArn);
    return state === 'unknown' ? this.#nowMs() - takenAtMs < startLimitMs : state === 'going-on';
  }
}

/** The last of the eight parts of an execution's ARN. */
function executionNameIn(executionArn: string): string {
  return executionArn.slice(executionArn.lastIndexOf(':') + 1);
}
