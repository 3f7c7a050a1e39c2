/**
 * An error of the Amazon States Language: a name that Retry and Catch match, and a cause for people.
 * Task integrations throw it to report a failed call, for example
 * `new StateFailure('Lambda.ResourceNotFoundException', 'Function not found: …')`.
 * Source: Step Functions developer guide, "Handling errors in Step Functions workflows".
 */
export class StateFailure extends Error {
  override readonly name = 'StateFailure';
  readonly code = 'STATE_FAILURE';
  readonly retryable = false;
  /** The error name, `States.*` for the reserved ones. */
  readonly error: string;
  /** The cause; the empty string when there is none. */
  readonly causeText: string;
  /** A second name under which Retry and Catch may match it (States.HeartbeatTimeout is reported as States.Timeout). */
  readonly alias: string | undefined;

  constructor(error: string, causeText = '', options: { readonly cause?: unknown; readonly alias?: string } = {}) {
    super(causeText === '' ? error : `${error}: ${causeText}`, { cause: options.cause });
    this.error = error;
    this.causeText = causeText;
    this.alias = options.alias;
  }
}

/** Ends the work of a branch whose execution was stopped, timed out, or whose sibling failed. Never seen by Retry or Catch. */
export class BranchAborted extends Error {
  override readonly name = 'BranchAborted';
  readonly code = 'BRANCH_ABORTED';
  readonly retryable = false;

  constructor() {
    super('This branch was aborted.');
  }
}

/** One thing wrong with a definition: where (a JSON pointer into the definition) and what. */
export interface DefinitionProblem {
  readonly path: string;
  readonly message: string;
}

/** A state machine definition that this engine refuses, with every problem found. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
  readonly code = 'INVALID_DEFINITION';
  readonly retryable = false;
  readonly problems: readonly DefinitionProblem[];

  constructor(problems: readonly DefinitionProblem[]) {
    super(
      `The state machine definition is refused: ${problems.map((problem) => `${problem.message} at ${problem.path}`).join('; ')}`,
    );
    this.problems = problems;
  }
}

/** An error answer of the Step Functions API; `code` is the exception's name in the service model. */
export class StatesApiError extends Error {
  override readonly name = 'StatesApiError';
  readonly code: string;
  readonly retryable = false;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
