import { beforeAll, describe, expect, test } from 'vitest';
import { functionNames } from './bundles.ts';
import { functionArnSubstitution } from './placeholders.ts';
import { quietDefinition } from './quiet.asl.ts';
import { segmentRunDefinition } from './segment-run.asl.ts';
import { type StubAssembly, synthesizeStubs } from './stub-assembly.ts';

/** An Allow statement of one role; resources are written as `logical id or export` + text. */
interface Permission {
  readonly holder: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Readonly<Record<string, unknown>>;
}

/**
 * The only actions that are granted on `*`. The Service Authorization Reference lists no resource type for any of them: a policy that named
 * a resource would grant nothing.
 */
const actionsWithoutResource = {
  'cloudwatch:PutMetricData': 'metrics have no ARN; the condition cloudwatch:namespace holds it to those of SageMaker',
  'ecr:GetAuthorizationToken': 'signs in to the registry as a whole; what may be pulled is granted on the repository',
  'logs:CreateLogDelivery': 'the delivery that Step Functions sets up for a machine has no ARN before it stands',
  'logs:DeleteLogDelivery': 'as CreateLogDelivery',
  'logs:DescribeLogGroups': 'a list',
  'logs:DescribeResourcePolicies': 'a list',
  'logs:GetLogDelivery': 'as CreateLogDelivery',
  'logs:ListLogDeliveries': 'a list',
  'logs:PutResourcePolicy': "the account's one set of policies for log groups",
  'logs:UpdateLogDelivery': 'as CreateLogDelivery',
  'xray:GetSamplingRules': 'rules of the account',
  'xray:GetSamplingTargets': 'rules of the account',
  'xray:PutTelemetryRecords': 'traces have no ARN',
  'xray:PutTraceSegments': 'traces have no ARN',
};

let assembly: StubAssembly;
let permissions: Permission[];

beforeAll(() => {
  assembly = synthesizeStubs();
  permissions = permissionsOf(assembly);
});

/** Permissions by whom they are given to: a function's name, or the logical id of the role of anything else. */
function permissionsOf({ resources, resourcesOf }: StubAssembly): Permission[] {
  const functionOfRole = new Map<string, string>(
    resourcesOf('AWS::Lambda::Function').map(({ Properties }) => [
      Properties.Role['Fn::GetAtt'][0],
      Properties.Description.replace('Kindred ', ''),
    ]),
  );
  expect(Object.values(resources).filter(({ Properties }) => Properties?.ManagedPolicyArns)).toEqual([]);
  return resourcesOf('AWS::IAM::Policy').flatMap(({ Properties }) =>
    Properties.Roles.flatMap(({ Ref }: { Ref: string }) =>
      list(Properties.PolicyDocument.Statement).map((statement) => ({
        holder: functionOfRole.get(Ref) ?? Ref,
        actions: list(statement.Action),
        resources: list(statement.Resource).map(flat),
        conditions: statement.Condition ?? {},
      })),
    ),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: CloudFormation's JSON
function list(value: any): any[] {
  return Array.isArray(value) ? value : [value];
}

// biome-ignore lint/suspicious/noExplicitAny: CloudFormation's JSON
function flat(value: any): string {
  if (typeof value === 'string') return value;
  if (value['Fn::Join']) return value['Fn::Join'][1].map(flat).join(value['Fn::Join'][0]);
  if (value['Fn::GetAtt']) return value['Fn::GetAtt'].join('.');
  return value.Ref ?? value['Fn::ImportValue'] ?? value['Fn::Sub'];
}

/** Who may do `action` to a resource that `resource` matches, in alphabetical order. */
function holders(action: string, resource: RegExp): string[] {
  const found = permissions.filter(
    ({ actions, resources }) => actions.includes(action) && resources.some((r) => resource.test(r)),
  );
  return [...new Set(found.map(({ holder }) => holder))].sort();
}

describe('least privilege', () => {
  test('no action holds a wildcard', () => {
    expect(permissions.flatMap(({ actions }) => actions).filter((action) => action.includes('*'))).toEqual([]);
  });

  test('* stands for the resource only where AWS takes nothing else', () => {
    const unscoped = permissions.filter(({ resources }) => resources.includes('*')).flatMap(({ actions }) => actions);
    expect([...new Set(unscoped)].sort()).toEqual(Object.keys(actionsWithoutResource).sort());
  });

  test('every other pattern is a folder of the data bucket or executions of one machine', () => {
    const patterns = permissions.flatMap(({ resources }) => resources).filter((resource) => /.\*/.test(resource));
    const allowed = [
      /^(kindred-data:ExportsOutputFnGetAttData\w+)(?:\/[a-z-]+){1,2}\/\*$/,
      /:execution:SegmentRun\w+\.Name[:/]\*$/,
      /:execution:kindred-pipeline:ExportsOutputFnGetAttSegmentRun\w+Name\w+:\*$/,
    ];
    expect(patterns.filter((pattern) => !allowed.some((form) => form.test(pattern)))).toEqual([]);
  });

  test('every listing of the bucket is held to prefixes', () => {
    const listings = permissions.filter(({ actions }) => actions.includes('s3:ListBucket'));
    expect(listings.length).toBeGreaterThan(0);
    for (const { conditions } of listings) {
      // The second is what S3 asks for before it says that a key does not exist.
      expect([{ StringLike: { 's3:prefix': expect.any(Array) } }, { Null: { 's3:prefix': 'true' } }]).toContainEqual(
        conditions,
      );
    }
  });

  test('nobody deletes objects, tables, keys or secrets', () => {
    const deleting = /^(s3|dynamodb|kms|secretsmanager):(Delete|ScheduleKeyDeletion)/;
    expect(permissions.flatMap(({ actions }) => actions).filter((action) => deleting.test(action))).toEqual([]);
  });
});

describe('privacy', () => {
  test('raw files are read by those alone that take them in, and rejected rows by nobody', () => {
    expect(holders('s3:GetObject', /\/inbox\/\*$/)).toEqual(['ingest-file']);
    expect(holders('s3:GetObject', /\/vectors-inbox\/\*$/)).toEqual(['ingest-matrix']);
    expect(holders('s3:GetObject', /\/rejects\/\*$/)).toEqual([]);
    expect(holders('s3:PutObject', /\/rejects\/\*$/)).toEqual(['ingest-file', 'ingest-matrix']);
    expect(holders('s3:PutObject', /\/(vectors-)?inbox\/\*$/)).toEqual([]);
  });

  test('only those who must turn an id into a pseudonym can read its key, only the member list maps back', () => {
    expect(holders('secretsmanager:GetSecretValue', /./)).toEqual([
      'batch-get-customer-segments',
      'get-customer-segment',
      'ingest-file',
      'ingest-matrix',
    ]);
    const identities = /GetAttIdentities/;
    expect(holders('dynamodb:Query', identities)).toEqual(['list-segment-members']);
    expect(holders('dynamodb:BatchWriteItem', identities)).toEqual(['ingest-file', 'ingest-matrix']);
    expect(holders('dynamodb:GetItem', identities)).toEqual([]);
  });

  test('the routes that answer questions write nothing', () => {
    const routes = functionNames.filter((name) => /^(get|list|batch-get)-/.test(name));
    const writes = /^(s3:(Put|Abort)|dynamodb:(Put|Update|BatchWrite|Delete)|states:|events:|sagemaker:)/;
    const found = permissions.filter(
      ({ holder, actions }) => routes.includes(holder as never) && actions.some((a) => writes.test(a)),
    );
    expect(found).toEqual([]);
  });
});

describe('what each part needs', () => {
  test('whoever reads or writes encrypted objects or tables may use the key for it', () => {
    const decrypting = holders('kms:Decrypt', /GetAttKey/);
    expect(decrypting).toEqual(expect.arrayContaining(holders('s3:GetObject', /./)));
    expect(decrypting).toEqual(expect.arrayContaining(holders('dynamodb:GetItem', /./)));
    expect(holders('kms:GenerateDataKey', /GetAttKey/)).toEqual(expect.arrayContaining(holders('s3:PutObject', /./)));
  });

  test('published rows are written by the two states that do so and read by the look-ups', () => {
    expect(holders('dynamodb:BatchWriteItem', /GetAttCustomers/)).toEqual(['discard-rows', 'publish-rows']);
    expect(holders('dynamodb:Query', /GetAttCustomers/)).toEqual([
      'batch-get-customer-segments',
      'get-customer-segment',
    ]);
  });

  test('the model is called by one function, and its tasks are resumed by one', () => {
    expect(holders('sagemaker:InvokeEndpointAsync', /Endpoint/)).toEqual(['submit-model-job']);
    expect(holders('states:SendTaskSuccess', /^SegmentRun/)).toEqual(['resume-model-job']);
    expect(holders('states:SendTaskFailure', /^SegmentRun/)).toEqual(['resume-model-job']);
  });

  test('runs are started by the quiet check, the API and, for the items of a Distributed Map, by the machine itself', () => {
    expect(holders('states:StartExecution', /SegmentRun/)).toEqual([
      expect.stringMatching(/^SegmentRunRole/),
      'start-run',
      'start-run-when-quiet',
    ]);
    expect(holders('states:StartExecution', /^Quiet/)).toEqual([expect.stringMatching(/EventsRole/)]);
    for (const action of ['states:StopExecution', 'states:RedriveExecution']) {
      expect(holders(action, /:execution:SegmentRun/)).toEqual([expect.stringMatching(/^SegmentRunRole/)]);
    }
  });

  test('whoever may take the lease of a run may ask whether its holder goes on', () => {
    expect(holders('states:DescribeExecution', /:execution:.*SegmentRun/)).toEqual([
      expect.stringMatching(/^SegmentRunRole/),
      'open-run',
      'start-run',
      'start-run-when-quiet',
    ]);
    for (const action of ['s3:GetObject', 's3:PutObject']) {
      expect(holders(action, /\/runs\/\*$/)).toContainEqual(expect.stringMatching(/^SegmentRunRole/));
    }
  });
});

describe.each([
  ['SegmentRun', segmentRunDefinition(['lambda', 'sagemaker'])],
  ['Quiet', quietDefinition],
])('state machine %s', (id, definition) => {
  function machine() {
    const found = Object.entries(assembly.resources).find(
      ([logicalId, { Type }]) => Type === 'AWS::StepFunctions::StateMachine' && logicalId.startsWith(id),
    );
    return found?.[1].Properties;
  }

  test('carries its definition unchanged and fills each placeholder, and no other', () => {
    const { DefinitionString, DefinitionSubstitutions } = machine();
    expect(JSON.parse(DefinitionString)).toEqual(definition);
    const placeholders = [...DefinitionString.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]);
    expect(Object.keys(DefinitionSubstitutions).sort()).toEqual([...new Set(placeholders)].sort());
  });

  test('may invoke exactly the functions that it names', () => {
    const { DefinitionSubstitutions, RoleArn } = machine();
    const named = functionNames.filter((name) => DefinitionSubstitutions[functionArnSubstitution(name)]);
    expect(named.length).toBeGreaterThan(0);
    const arns = named.map((name) => flat(DefinitionSubstitutions[functionArnSubstitution(name)]));
    const invoking = permissions.filter(
      ({ holder, actions }) => holder === RoleArn['Fn::GetAtt'][0] && actions.includes('lambda:InvokeFunction'),
    );
    expect(invoking.flatMap(({ resources }) => resources).sort()).toEqual(arns.sort());
  });

  test('is a Standard machine that logs everything but payloads and is traced', () => {
    expect(machine()).toMatchObject({
      StateMachineType: 'STANDARD',
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });
});
