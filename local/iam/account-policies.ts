import { UnrunnableTemplateError } from '../template/errors.ts';
import type { Json } from '../template/intrinsics.ts';
import type { CloudResource } from '../template/resolved-template.ts';
import { encryptionKeys } from './encryption-keys.ts';
import { type PolicyStatement, readStatements } from './policy-document.ts';

export interface RolePolicies {
  readonly name: string;
  /** The session's name in messages: that of the function that has the role, else of what has. */
  readonly session: string;
  /** Of all its policies, inline and attached. */
  readonly statements: readonly PolicyStatement[];
}

/** Every policy of the template, as plain JSON: it can be sent to another process. */
export interface AccountPolicies {
  readonly region: string;
  readonly accountId: string;
  /** By ARN. */
  readonly roles: Readonly<Record<string, RolePolicies>>;
  /** ARN of a bucket, topic, queue, function, key, secret or role -> the statements of its own policy; a role's is its trust policy. */
  readonly resources: Readonly<Record<string, readonly PolicyStatement[]>>;
  /** ARN of a bucket, table, secret, topic or queue -> ARN of the template's key that encrypts it. */
  readonly keyOf: Readonly<Record<string, string>>;
}

/** Reads the policies of the template. @throws UnrunnableTemplateError for anything in them that is not known here */
export function accountPolicies(
  resources: readonly CloudResource[],
  place: { readonly region: string; readonly accountId: string },
): AccountPolicies {
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  const roles = ofType('AWS::IAM::Role');
  const attached = [...ofType('AWS::IAM::Policy'), ...ofType('AWS::IAM::ManagedPolicy')];
  return {
    ...place,
    roles: Object.fromEntries(
      roles.map((role) => [
        arnOf(role),
        { name: role.ref, session: sessionOf(role, resources), statements: statementsOf(role, attached) },
      ]),
    ),
    resources: resourcePolicies(resources),
    keyOf: encryptionKeys(resources),
  };
}

function arnOf({ attributes, ref }: CloudResource): string {
  return attributes['Arn'] ?? ref;
}

function placeOf({ stack, logicalId }: CloudResource): string {
  return `${stack}/${logicalId}`;
}

function list(value: Json | undefined): Json[] {
  return value === undefined ? [] : [value].flat();
}

function statementsOf(role: CloudResource, attached: readonly CloudResource[]): PolicyStatement[] {
  const inline = list(role.properties['Policies']) as { PolicyDocument: Json }[];
  const managed = list(role.properties['ManagedPolicyArns']);
  const unknown = managed.filter((arn) => !attached.some(({ ref }) => ref === arn));
  if (unknown.length > 0) {
    throw new UnrunnableTemplateError(
      unknown.map(
        (arn) =>
          `${placeOf(role)}: the managed policy ${arn} is not in the template, and what it says is not known here`,
      ),
    );
  }
  const policies = attached.filter(
    ({ ref, properties }) => list(properties['Roles']).includes(role.ref) || managed.includes(ref),
  );
  return [
    ...inline.flatMap(({ PolicyDocument }) => readStatements(PolicyDocument, placeOf(role))),
    ...policies.flatMap((policy) => readStatements(policy.properties['PolicyDocument'], placeOf(policy))),
  ];
}

function sessionOf(role: CloudResource, resources: readonly CloudResource[]): string {
  const arn = arnOf(role);
  const user = resources.find(({ properties }) =>
    [properties['Role'], properties['RoleArn'], properties['ExecutionRoleArn']].includes(arn),
  );
  return user?.attributes['Name'] ?? user?.ref.split('/').at(-1) ?? role.logicalId;
}

/** Types whose property `PolicyDocument` is the policy of others, and the property that lists those. */
const POLICY_TARGETS: Readonly<Record<string, string>> = {
  'AWS::S3::BucketPolicy': 'Bucket',
  'AWS::SNS::TopicPolicy': 'Topics',
  'AWS::SQS::QueuePolicy': 'Queues',
  'AWS::SecretsManager::ResourcePolicy': 'SecretId',
};

function resourcePolicies(resources: readonly CloudResource[]): Record<string, PolicyStatement[]> {
  const policies: Record<string, PolicyStatement[]> = {};
  const add = (arn: string, statements: readonly PolicyStatement[]): void => {
    policies[arn] = [...(policies[arn] ?? []), ...statements];
  };
  const arnByRef = new Map(resources.map((resource) => [resource.ref, arnOf(resource)]));
  for (const resource of resources) {
    const { type, properties } = resource;
    const targets = POLICY_TARGETS[type];
    if (type === 'AWS::IAM::Role')
      add(arnOf(resource), readStatements(properties['AssumeRolePolicyDocument'], placeOf(resource)));
    if (type === 'AWS::KMS::Key') add(arnOf(resource), readStatements(properties['KeyPolicy'], placeOf(resource)));
    if (type === 'AWS::Lambda::Permission') {
      const nameOrArn = String(properties['FunctionName']);
      const functionArn = arnByRef.get(nameOrArn) ?? nameOrArn;
      add(functionArn, [functionPermission(resource, functionArn)]);
    }
    if (targets !== undefined) {
      const statements = readStatements(properties['PolicyDocument'], placeOf(resource));
      for (const ref of list(properties[targets])) add(arnByRef.get(String(ref)) ?? String(ref), statements);
    }
  }
  return policies;
}

/** The statement that AddPermission puts into a function's policy (Lambda API reference). */
function functionPermission({ properties }: CloudResource, functionArn: string): PolicyStatement {
  const { Action, Principal, SourceArn, SourceAccount } = properties;
  const principal = String(Principal);
  return {
    Effect: 'Allow',
    Principal: principal.endsWith('.amazonaws.com') ? { Service: [principal] } : { AWS: [principal] },
    Action: [String(Action)],
    Resource: [functionArn],
    Condition: {
      ...(SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': String(SourceArn) } }),
      ...(SourceAccount === undefined ? {} : { StringEquals: { 'aws:SourceAccount': String(SourceAccount) } }),
    },
  };
}
