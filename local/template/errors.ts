/** A template that the embedded cloud cannot run as AWS would: a resource type, property or intrinsic that it does not know, or a reference to nothing. */
export class UnrunnableTemplateError extends Error {
  override readonly name = 'UnrunnableTemplateError';
  readonly code = 'UNRUNNABLE_TEMPLATE';
  readonly retryable = false;
  /** Each thing that was refused, by stack and logical id. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(
      `The embedded cloud cannot run this template:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      options,
    );
    this.problems = problems;
  }
}
