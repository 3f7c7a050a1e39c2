import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from './kindred-app.ts';
import { type StubAssembly, synthesizeStubs, type TemplateResource } from './stub-assembly.ts';

/** With the settings of cdk.json, but for an address. */
let usual: StubAssembly;
/** With every setting of this page changed. */
let changed: StubAssembly;

beforeAll(() => {
  usual = synthesizeStubs({ alarmEmail: 'oncall@shop.example' });
  changed = synthesizeStubs({
    identityProvider: 'external',
    jwtIssuer: 'https://login.example/tenant',
    jwtAudience: 'shop,till',
    retainData: false,
    apiRequestsPerSecond: 7,
    apiBurst: 9,
    lookupConcurrency: 20,
    ingestConcurrency: 3,
    logRetentionDays: 90,
  });
});

const cloudWatch = { Principal: { Service: 'cloudwatch.amazonaws.com' }, Effect: 'Allow' };
const thisAccount = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };

function alarms(): [id: string, properties: TemplateResource['Properties']][] {
  return Object.entries(usual.resources)
    .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
    .map(([id, { Properties }]) => [id.slice(0, -8), Properties]);
}

describe('alarms', () => {
  const guide = readFileSync(join(projectRoot, 'docs', 'operations.md'), 'utf8');
  const headings = [...guide.matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading);

  test('there is one for each thing that a person must do something about, and one that only wakes the endpoint', () => {
    expect(alarms().map(([id]) => id)).toEqual(
      expect.arrayContaining(['WorkWaits', 'ModelBacklogOld', 'RunFailed', 'RunTimedOut', 'ApiFails', 'ApiSlow']),
    );
    const metrics = alarms().map(([, { Namespace, MetricName }]) => `${Namespace} ${MetricName}`);
    expect([...new Set(metrics)].sort()).toEqual([
      'AWS/ApiGateway 5xx',
      'AWS/ApiGateway Latency',
      'AWS/Lambda Errors',
      'AWS/Lambda Throttles',
      'AWS/SQS ApproximateNumberOfMessagesVisible',
      'AWS/SageMaker ApproximateAgeOfOldestRequest',
      'AWS/SageMaker HasBacklogWithoutCapacity',
      'AWS/States ExecutionsFailed',
      'AWS/States ExecutionsTimedOut',
    ]);
  });

  test('each tells the topic when it goes off and when it is over, and is explained under its name in docs/operations.md', () => {
    const toldOf = alarms().filter(([id]) => id !== 'WorkWaits');
    for (const [id, { AlarmDescription, AlarmActions, OKActions, TreatMissingData }] of toldOf) {
      expect(AlarmDescription).toMatch(new RegExp(`^.+\\. .+\\. See docs/operations.md, "${id}"\\.$`));
      expect(AlarmActions).toEqual([{ 'Fn::ImportValue': expect.stringMatching(/^kindred-data:.*Alarms/) }]);
      expect(OKActions).toEqual(AlarmActions);
      expect(TreatMissingData).toBe('notBreaching');
    }
    expect(headings.sort()).toEqual(toldOf.map(([id]) => id).sort());
  });

  test('every queue has one of its own, and no other queue may take it for its dead letters', () => {
    const watched = alarms()
      .filter(([, { Namespace }]) => Namespace === 'AWS/SQS')
      .map(([, { Dimensions }]) => Dimensions[0].Value['Fn::GetAtt'][0]);
    const queues = Object.entries(usual.resources).filter(([, { Type }]) => Type === 'AWS::SQS::Queue');
    expect(queues.map(([id]) => id).sort()).toEqual(watched.sort());
    for (const [, { Properties }] of queues) {
      expect(Properties).toMatchObject({
        MessageRetentionPeriod: 14 * 86_400,
        RedriveAllowPolicy: { redrivePermission: 'denyAll' },
      });
    }
  });

  // Amazon CloudWatch user guide, "Notifying users on alarm changes": a topic with a policy of its own, and one that is encrypted with a
  // customer's key, take no alarm unless they say so.
  test('CloudWatch may publish them to the encrypted topic, and the owner gets them by e-mail', () => {
    const statements = (type: string, document: string) =>
      usual.resourcesOf(type).flatMap(({ Properties }) => Properties[document].Statement);
    expect(statements('AWS::SNS::TopicPolicy', 'PolicyDocument')).toContainEqual(
      expect.objectContaining({
        ...cloudWatch,
        Action: 'sns:Publish',
        Resource: { Ref: 'Alarms' },
        Condition: thisAccount,
      }),
    );
    expect(statements('AWS::KMS::Key', 'KeyPolicy')).toContainEqual(
      expect.objectContaining({
        ...cloudWatch,
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Condition: thisAccount,
      }),
    );
    const byMail = usual
      .resourcesOf('AWS::SNS::Subscription')
      .filter(({ Properties }) => Properties.Protocol === 'email');
    expect(byMail.map(({ Properties }) => [Properties.Endpoint, Properties.TopicArn])).toEqual([
      ['oncall@shop.example', { Ref: 'Alarms' }],
    ]);
    const unasked = changed.resourcesOf('AWS::SNS::Subscription').map(({ Properties }) => Properties.Protocol);
    expect(unasked).not.toContain('email');
  });
});

describe('tokens', () => {
  const accepted = ({ resourcesOf }: StubAssembly) =>
    resourcesOf('AWS::ApiGatewayV2::Authorizer').map(({ Properties }) => Properties.JwtConfiguration);

  test('come from a user pool with the three scopes, for one program with a secret', () => {
    const [server] = usual.resourcesOf('AWS::Cognito::UserPoolResourceServer');
    expect(server?.Properties.Identifier).toBe('kindred');
    expect(server?.Properties.Scopes.map(({ ScopeName }: { ScopeName: string }) => ScopeName)).toEqual([
      'segments:read',
      'customers:write',
      'admin',
    ]);
    expect(usual.resourcesOf('AWS::Cognito::UserPoolClient').map(({ Properties }) => Properties)).toMatchObject([
      { AllowedOAuthFlows: ['client_credentials'], AllowedOAuthFlowsUserPoolClient: true, GenerateSecret: true },
    ]);
    expect(accepted(usual)).toEqual([
      {
        Audience: [{ 'Fn::ImportValue': expect.stringContaining('MachineClient') }],
        Issuer: { 'Fn::ImportValue': expect.stringContaining('UserPoolProviderURL') },
      },
    ]);
  });

  test('or from any other issuer, without a user pool', () => {
    expect(accepted(changed)).toEqual([{ Audience: ['shop', 'till'], Issuer: 'https://login.example/tenant' }]);
    expect(changed.texts.identity).toBeUndefined();
  });
});

describe('limits', () => {
  const throttle = ({ resourcesOf }: StubAssembly) => {
    const [stage] = resourcesOf('AWS::ApiGatewayV2::Stage');
    const { ThrottlingRateLimit, ThrottlingBurstLimit } = stage?.Properties.DefaultRouteSettings ?? {};
    return [ThrottlingRateLimit, ThrottlingBurstLimit];
  };
  const reserved = ({ resourcesOf }: StubAssembly) =>
    resourcesOf('AWS::Lambda::Function')
      .filter(({ Properties }) => Properties.ReservedConcurrentExecutions !== undefined)
      .map(({ Properties }) => [Properties.Description, Properties.ReservedConcurrentExecutions]);

  test('the API is throttled, and no concurrency is reserved, as a new account has ten to share', () => {
    expect(throttle(usual)).toEqual([100, 200]);
    expect(reserved(usual)).toEqual([]);
  });

  test('settings change both', () => {
    expect(throttle(changed)).toEqual([7, 9]);
    expect(reserved(changed).sort()).toEqual([
      ['Kindred get-customer-segment', 20],
      ['Kindred ingest-file', 3],
    ]);
  });
});

describe('what is left behind', () => {
  const retained = ({ resources }: StubAssembly) =>
    Object.entries(resources)
      .filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain')
      .map(([id]) => id)
      .sort();

  test('data, keys and users outlive the stacks, and their tables and pool refuse to be deleted', () => {
    expect(retained(usual)).toEqual([
      ...['AccessLogs', 'Customers', 'Data', 'Identities', 'Key', 'ModelJobs', 'PseudonymKey', 'Registry', 'UserPool'],
    ]);
    for (const { Properties } of usual.resourcesOf('AWS::DynamoDB::Table'))
      expect(Properties.DeletionProtectionEnabled).toBe(true);
  });

  test('with retainData=false nothing does', () => {
    expect(retained(changed)).toEqual([]);
    for (const { Properties } of changed.resourcesOf('AWS::DynamoDB::Table'))
      expect(Properties.DeletionProtectionEnabled).toBe(false);
  });

  test('logs expire and go with their stack, those that SageMaker writes too', () => {
    const groups = changed.resourcesOf('AWS::Logs::LogGroup');
    for (const { Properties, DeletionPolicy } of groups)
      expect([Properties.RetentionInDays, DeletionPolicy]).toEqual([90, 'Delete']);
    const [endpoint] = changed.resourcesOf('AWS::SageMaker::Endpoint');
    expect(groups.map(({ Properties }) => Properties.LogGroupName)).toContain(
      `/aws/sagemaker/Endpoints/${endpoint?.Properties.EndpointName}`,
    );
  });
});
