import type { Access } from './iam/access.ts';
import { AccessDeniedError } from './iam/access-denied-error.ts';
import type { FunctionDefinition } from './lambda/function-definition.ts';
import { UnrunnableTemplateError } from './template/errors.ts';
import type { Json } from './template/intrinsics.ts';
import type { CloudResource } from './template/resolved-template.ts';

/** SNS Developer Guide, "Key management" of encrypted topics, and SQS likewise: who sends encrypts, and decrypts to check. */
const SENDER_KEY_ACTIONS = ['kms:GenerateDataKey', 'kms:Decrypt'];

/** The property of a type that names its role, and the service that takes the role on. */
const ROLE_USERS: Readonly<Record<string, readonly [property: string, service: string]>> = {
  'AWS::Lambda::Function': ['Role', 'lambda.amazonaws.com'],
  'AWS::StepFunctions::StateMachine': ['RoleArn', 'states.amazonaws.com'],
  'AWS::SageMaker::Model': ['ExecutionRoleArn', 'sagemaker.amazonaws.com'],
};

interface BusEntry {
  readonly EventBusName?: string;
  readonly Source?: string;
  readonly DetailType?: string;
}

/** What the services of the cloud ask before they call each other. Every method throws AccessDeniedError to refuse. */
export class ServicePermissions {
  readonly #access: Access;
  readonly #busArn: string;

  constructor(access: Access, { region, accountId }: { readonly region: string; readonly accountId: string }) {
    this.#access = access;
    this.#busArn = `arn:aws:events:${region}:${accountId}:event-bus/`;
  }

  /** @param principal a role, or the service that calls in the name of `sourceArn`: a rule, a topic, a route */
  invokeFunction(principal: string, functionArn: string, sourceArn?: string): void {
    const resource = functionArn.replace(/:\$LATEST$/, '');
    this.#access.require({ principal, action: 'lambda:InvokeFunction', resource, ...inNameOf(sourceArn) });
  }

  /** @param principal a role, or the service that sends in the name of `sourceArn` */
  sendMessage(principal: string, queueArn: string, sourceArn?: string): void {
    this.#access.require({
      principal,
      action: 'sqs:SendMessage',
      resource: queueArn,
      keyActions: SENDER_KEY_ACTIONS,
      ...inNameOf(sourceArn),
    });
  }

  publish(roleArn: string, topicArn: string): void {
    this.#access.require({
      principal: roleArn,
      action: 'sns:Publish',
      resource: topicArn,
      keyActions: SENDER_KEY_ACTIONS,
    });
  }

  startExecution(roleArn: string, stateMachineArn: string): void {
    this.#access.require({ principal: roleArn, action: 'states:StartExecution', resource: stateMachineArn });
  }

  /** One entry that may not be put refuses all. */
  putEvents(principal: string, entries: unknown): void {
    for (const { EventBusName = 'default', Source = '', DetailType = '' } of (entries ?? []) as BusEntry[]) {
      this.#access.require({
        principal,
        action: 'events:PutEvents',
        resource: EventBusName.startsWith('arn:') ? EventBusName : `${this.#busArn}${EventBusName}`,
        context: { 'events:source': Source, 'events:detail-type': DetailType },
      });
    }
  }

  getSecretValue(principal: string, secretArn: string): void {
    this.#access.require({
      principal,
      action: 'secretsmanager:GetSecretValue',
      resource: secretArn,
      keyActions: ['kms:Decrypt'],
    });
  }

  /** What Lambda does with the function's role when an execution environment starts ("Sending Lambda function logs to CloudWatch Logs"). */
  writeLogs({ arn, roleArn, logGroup, name }: FunctionDefinition): void {
    const [, , , region, accountId] = arn.split(':');
    const resource = `arn:aws:logs:${region}:${accountId}:log-group:${logGroup}:log-stream:${name}`;
    for (const action of ['logs:CreateLogStream', 'logs:PutLogEvents'])
      this.#access.require({ principal: roleArn, action, resource });
  }

  /**
   * Lets every service take on the roles that the template gives it.
   * @throws UnrunnableTemplateError for a role whose trust policy forbids it: AWS would not deploy what has it
   */
  assumeRoles(resources: readonly CloudResource[]): void {
    const problems: string[] = [];
    for (const { stack, logicalId, type, properties } of resources) {
      const [property, service] = ROLE_USERS[type] ?? [];
      const roles = property === undefined ? targetRoles(type, properties) : [properties[property]];
      for (const role of roles) {
        try {
          const principal = service ?? 'events.amazonaws.com';
          this.#access.require({ principal, action: 'sts:AssumeRole', resource: String(role) });
        } catch (error) {
          if (!(error instanceof AccessDeniedError)) throw error;
          problems.push(`${stack}/${logicalId}: ${error.message}`);
        }
      }
    }
    if (problems.length > 0) throw new UnrunnableTemplateError(problems);
  }
}

function targetRoles(type: string, properties: CloudResource['properties']): Json[] {
  if (type !== 'AWS::Events::Rule') return [];
  const targets = (properties['Targets'] ?? []) as { RoleArn?: string }[];
  return targets.flatMap(({ RoleArn }) => RoleArn ?? []);
}

function inNameOf(sourceArn: string | undefined): { context?: Record<string, string> } {
  return sourceArn === undefined ? {} : { context: { 'aws:SourceArn': sourceArn } };
}
