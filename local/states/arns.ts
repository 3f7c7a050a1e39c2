/** The parts of the ARNs of Step Functions: `arn:aws:states:region:account:stateMachine:name` and what is derived from it. */
export interface StateMachineArn {
  /** `arn:aws:states:region:account`. */
  readonly prefix: string;
  readonly region: string;
  readonly name: string;
}

const STATE_MACHINE = /^(arn:aws[\w-]*:states:([a-z0-9-]+):\d{12}):stateMachine:([^:]+)$/;

export function parseStateMachineArn(arn: string): StateMachineArn | undefined {
  const match = STATE_MACHINE.exec(arn);
  if (!match) return undefined;
  const [, prefix = '', region = '', name = ''] = match;
  return { prefix, region, name };
}

export function executionArn(
  machine: StateMachineArn,
  type: 'STANDARD' | 'EXPRESS',
  name: string,
  uniqueId: () => string,
): string {
  return type === 'STANDARD'
    ? `${machine.prefix}:execution:${machine.name}:${name}`
    : `${machine.prefix}:express:${machine.name}:${name}:${uniqueId()}`;
}

export function mapRunArn(machine: StateMachineArn, label: string, id: string): string {
  return `${machine.prefix}:mapRun:${machine.name}/${label}:${id}`;
}

/** The state machine that a map run's children are said to run: the machine's own ARN with the label behind. */
export function childStateMachineArn(machine: StateMachineArn, label: string): string {
  return `${machine.prefix}:stateMachine:${machine.name}/${label}`;
}

export function isStatesArn(text: string): boolean {
  return /^arn:aws[\w-]*:states:[a-z0-9-]+:\d{12}:\w+:/.test(text);
}
