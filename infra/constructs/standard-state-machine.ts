import * as iam from 'aws-cdk-lib/aws-iam';
import type { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { FunctionName } from '../../contracts/environments.ts';
import type { Settings } from '../../contracts/settings.ts';
import { functionArnSubstitution } from '../placeholders.ts';
import { acknowledgeUnscopedActions, allow } from './access.ts';
import { acknowledgePattern, attributeInFindings } from './acknowledgements.ts';
import { ExpiringLogGroup } from './expiring-log-group.ts';
import type { KindredFunction } from './kindred-function.ts';

export interface StandardStateMachineProps {
  /** Amazon States Language with placeholders, a name in braces after a dollar sign. */
  readonly definition: object;
  /** The functions that its tasks invoke, by the placeholders of `../placeholders.ts`. */
  readonly functions: readonly KindredFunction<FunctionName>[];
  /** Values of all other placeholders. */
  readonly substitutions: Readonly<Record<string, string>>;
  readonly settings: Settings;
}

/** A Standard state machine from a plain definition, with full logs (no payloads), tracing and a role of its own. */
export class StandardStateMachine extends Construct {
  readonly role: iam.Role;
  readonly resource: StateMachine;

  constructor(scope: Construct, id: string, props: StandardStateMachineProps) {
    super(scope, id);
    this.role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('states.amazonaws.com') });
    allow(
      this.role,
      ['lambda:InvokeFunction'],
      props.functions.map((invoked) => invoked.functionArn),
    );
    acknowledgeUnscopedActions(this.role);

    this.resource = new StateMachine(this, 'StateMachine', {
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(JSON.stringify(props.definition)),
      definitionSubstitutions: {
        ...props.substitutions,
        ...Object.fromEntries(props.functions.map((f) => [functionArnSubstitution(f.functionName), f.functionArn])),
      },
      role: this.role,
      logs: {
        destination: new ExpiringLogGroup(this, 'Logs', props),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
      tracingEnabled: true,
    });
  }

  /** Lets a function ask how executions of this machine are. */
  allowDescribingExecutions(asking: KindredFunction<FunctionName>): void {
    const { partition, region, account } = Stack.of(this);
    const executions = (name: string) => `execution:${name}:*`;
    // A policy apart from the role's own: a function that the machine names waits for the latter, and this one names the machine.
    const policy = new iam.Policy(asking, 'Executions', { roles: [asking.role] });
    policy.addStatements(
      new iam.PolicyStatement({
        actions: ['states:DescribeExecution'],
        resources: [`arn:${partition}:states:${region}:${account}:${executions(this.resource.stateMachineName)}`],
      }),
    );
    const name = attributeInFindings(asking, this.resource.node.defaultChild as CfnStateMachine, 'Name');
    acknowledgePattern(
      policy,
      `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:${executions(name)}`,
      'The executions of this machine only; whoever starts them names them.',
    );
  }
}
