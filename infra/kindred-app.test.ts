import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { App, Stack } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { beforeAll, describe, expect, test } from 'vitest';
import cdkJson from '../cdk.json' with { type: 'json' };
import { environments, type FunctionName } from '../contracts/environments.ts';
import { functionNames } from './bundles.ts';
import { projectRoot } from './kindred-app.ts';
import { type StubAssembly, synthesizeStubs, type TemplateResource } from './stub-assembly.ts';

let assembly: StubAssembly;

beforeAll(() => {
  // With CloudFormation's own schema checks: a template that they refuse fails here.
  assembly = synthesizeStubs({ alarmEmail: 'oncall@shop.example' }, true);
}, 60_000);

function only(type: string): TemplateResource {
  const [found, ...others] = assembly.resourcesOf(type);
  expect([found?.Type, others]).toEqual([type, []]);
  return found as TemplateResource;
}

function functionNamed(name: FunctionName): TemplateResource {
  const found = assembly
    .resourcesOf('AWS::Lambda::Function')
    .find(({ Properties }) => Properties.Description === `Kindred ${name}`);
  if (!found) throw new Error(`no function ${name} in the templates`);
  return found;
}

/** The construct path is not in the template, so tables and queues are told apart by the start of their logical id. */
function withIdLike(type: string, start: string): TemplateResource {
  const found = Object.entries(assembly.resources).filter(([id, { Type }]) => Type === type && id.startsWith(start));
  expect(found.map(([id]) => id.slice(0, start.length))).toEqual([start]);
  return (found[0] as [string, TemplateResource])[1];
}

describe('the app', () => {
  test.each([AwsSolutionsChecks, ServerlessChecks])(
    'has nothing that %o objects to without a reason given',
    (Checks) => {
      const { violations } = new Checks(assembly.app).validateScope(assembly.app);
      expect(violations).toEqual([]);
    },
  );

  test('would hear of a wildcard, or of a queue whose messages nobody takes over, without a reason', () => {
    const app = new App();
    const role = new Role(new Stack(app, 'careless'), 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['s3:*'], resources: ['*'] }));
    new Queue(role.stack, 'Queue');
    const found = (checks: AwsSolutionsChecks | ServerlessChecks) =>
      checks.validateScope(app).violations.map(({ ruleName }) => ruleName);
    expect(found(new AwsSolutionsChecks(app))).toEqual(
      expect.arrayContaining(['AwsSolutions-IAM5[Action::s3:*]', 'AwsSolutions-IAM5[Resource::*]']),
    );
    expect(found(new ServerlessChecks(app))).toEqual(['Serverless-SQSRedrivePolicy']);
  });

  test('gives the same bytes when it is synthesized again', () => {
    expect(synthesizeStubs({ alarmEmail: 'oncall@shop.example' }).texts).toEqual(assembly.texts);
  });

  test('needs no custom resource', () => {
    const types = new Set(Object.values(assembly.resources).map(({ Type }) => Type));
    expect([...types].filter((type) => type.startsWith('Custom::') || type.includes('CustomResource'))).toEqual([]);
  });

  test('runs on the Node that the project pins whichever comes first in PATH, and says what is wrong with its context', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kindred-path-'));
    try {
      for (const name of ['node', 'cdk']) writeFileSync(join(folder, name), '#!/bin/sh\nexit 9\n', { mode: 0o755 });
      const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
      expect(spawnSync('node', { env }).status).toBe(9);
      // As the CDK command line runs it, from the project's folder, through a shell.
      const ran = spawnSync(cdkJson.app, {
        shell: true,
        cwd: projectRoot,
        env: { ...env, CDK_CONTEXT_JSON: '{"jwtAudiance":"shop"}' },
        encoding: 'utf8',
      });
      expect(ran.status).toBe(1);
      expect(ran.stderr).toMatch(/^Kindred cannot be synthesized[\s\S]*jwtAudiance: there is no such setting/);
      expect(ran.stderr).not.toContain('    at ');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('functions', () => {
  test.each(functionNames)('%s has exactly the variables of its contract', (name) => {
    const variables = functionNamed(name).Properties.Environment?.Variables ?? {};
    expect(Object.keys(variables).sort()).toEqual(Object.keys(environments[name].shape).sort());
  });

  test('each runs on Node 24 with traces, a role and a log group of its own, and logs that expire', () => {
    const functions = assembly.resourcesOf('AWS::Lambda::Function');
    expect(functions.length).toBe(functionNames.length);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Handler: 'index.handler', Architectures: ['arm64'] });
      expect(Properties.TracingConfig).toEqual({ Mode: 'Active' });
    }
    const distinct = (values: unknown[]) => new Set(values.map((value) => JSON.stringify(value))).size;
    expect(distinct(functions.map(({ Properties }) => Properties.Role))).toBe(functions.length);
    expect(distinct(functions.map(({ Properties }) => Properties.LoggingConfig.LogGroup))).toBe(functions.length);
    for (const { Properties } of assembly.resourcesOf('AWS::Logs::LogGroup'))
      expect(Properties.RetentionInDays).toBe(30);
  });

  test('settings reach the functions that use them', () => {
    const { resourcesOf } = synthesizeStubs({
      segments: 5,
      vectorDims: 64,
      lakePartitions: 3,
      lambdaPlatform: 'linux-x64',
    });
    const plan = resourcesOf('AWS::Lambda::Function').find(
      (f) => f.Properties.Description === 'Kindred plan-run',
    )?.Properties;
    expect(plan.Environment.Variables).toMatchObject({
      SEGMENTS: '5',
      VECTOR_DIMS: '64',
      LAKE_PARTITIONS: '3',
      MODEL: 'auto',
    });
    expect(plan.Architectures).toEqual(['x86_64']);
  });
});

describe('data', () => {
  test('the data bucket is versioned, encrypted with the own key, private, logged, and tells EventBridge', () => {
    const { Properties } = withIdLike('AWS::S3::Bucket', 'Data');
    expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(Properties.BucketEncryption.ServerSideEncryptionConfiguration).toMatchObject([
      { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
    ]);
    expect(Object.values(Properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(Properties.LoggingConfiguration.LogFilePrefix).toBe('data/');
    expect(Properties.NotificationConfiguration).toEqual({ EventBridgeConfiguration: { EventBridgeEnabled: true } });
  });

  test('raw data and exchange with the model expire in every version; nothing else does', () => {
    const rules = withIdLike('AWS::S3::Bucket', 'Data').Properties.LifecycleConfiguration.Rules;
    const expiring = rules.filter((rule: { ExpirationInDays?: number }) => rule.ExpirationInDays);
    expect(
      Object.fromEntries(
        expiring.map((rule: { Prefix: string; ExpirationInDays: number; NoncurrentVersionExpiration: object }) => [
          rule.Prefix,
          [rule.ExpirationInDays, rule.NoncurrentVersionExpiration],
        ]),
      ),
    ).toEqual({
      'inbox/': [90, { NoncurrentDays: 90 }],
      'vectors-inbox/': [90, { NoncurrentDays: 90 }],
      'rejects/': [90, { NoncurrentDays: 90 }],
      'model-input/': [7, { NoncurrentDays: 7 }],
      'model-output/': [7, { NoncurrentDays: 7 }],
    });
  });

  test.each([
    ['Customers', ['customer', 'S', 'HASH'], ['runSeq', 'N', 'RANGE']],
    ['Registry', ['pk', 'S', 'HASH'], ['sk', 'S', 'RANGE']],
    ['Identities', ['bucket', 'S', 'HASH'], ['importId', 'S', 'RANGE']],
    ['ModelJobs', ['inferenceId', 'S', 'HASH']],
  ])('table %s has its key, recovery and encryption, and outlives the stack', (id, ...key) => {
    const { Properties, DeletionPolicy } = withIdLike('AWS::DynamoDB::Table', id);
    const types = new Map(
      Properties.AttributeDefinitions.map((a: { AttributeName: string; AttributeType: string }) => [
        a.AttributeName,
        a.AttributeType,
      ]),
    );
    expect(
      Properties.KeySchema.map((k: { AttributeName: string; KeyType: string }) => [
        k.AttributeName,
        types.get(k.AttributeName),
        k.KeyType,
      ]),
    ).toEqual(key);
    expect(Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
    });
    expect(Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
    expect(DeletionPolicy).toBe('Retain');
  });

  test('model jobs are forgotten; the key rotates; the pseudonyms key is made once', () => {
    expect(withIdLike('AWS::DynamoDB::Table', 'ModelJobs').Properties.TimeToLiveSpecification).toEqual({
      AttributeName: 'expiresAt',
      Enabled: true,
    });
    expect(only('AWS::KMS::Key').Properties.EnableKeyRotation).toBe(true);
    const secret = only('AWS::SecretsManager::Secret');
    expect(secret.Properties.GenerateSecretString).toEqual({ PasswordLength: 64, ExcludePunctuation: true });
    expect(secret.DeletionPolicy).toBe('Retain');
  });
});

describe('model', () => {
  test('the endpoint is asynchronous, gives notice, and keeps its answers in a folder of its own', () => {
    const { AsyncInferenceConfig, ProductionVariants } = only('AWS::SageMaker::EndpointConfig').Properties;
    expect(ProductionVariants).toMatchObject([{ VariantName: 'main', InstanceType: 'ml.g5.xlarge' }]);
    expect(AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance).toBe(4);
    const { S3OutputPath, S3FailurePath, NotificationConfig } = AsyncInferenceConfig.OutputConfig;
    expect(S3OutputPath['Fn::Join'][1].at(-1)).toBe('/model-output/endpoint/');
    expect(S3FailurePath['Fn::Join'][1].at(-1)).toBe('/model-output/endpoint/failures/');
    expect(Object.keys(NotificationConfig).sort()).toEqual(['ErrorTopic', 'SuccessTopic']);
    for (const { Properties } of assembly.resourcesOf('AWS::SNS::Topic'))
      expect(Properties.KmsMasterKeyId).toBeDefined();
  });

  // As SageMaker's guide has it ("Autoscale an asynchronous endpoint", "Define a scaling policy that scales up from zero for new requests").
  test('it scales from zero to two and wakes when requests wait', () => {
    expect(only('AWS::ApplicationAutoScaling::ScalableTarget').Properties).toMatchObject({
      MinCapacity: 0,
      MaxCapacity: 2,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    });
    const alarm = withIdLike('AWS::CloudWatch::Alarm', 'WorkWaits').Properties;
    expect(alarm).toMatchObject({
      Namespace: 'AWS/SageMaker',
      MetricName: 'HasBacklogWithoutCapacity',
      Dimensions: [{ Name: 'EndpointName' }],
      Statistic: 'Average',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      Period: 60,
      TreatMissingData: 'missing',
    });
    const [wakeUp] = alarm.AlarmActions;
    expect(assembly.resources[wakeUp.Ref]?.Properties.StepScalingPolicyConfiguration.StepAdjustments).toEqual([
      { MetricIntervalLowerBound: 0, ScalingAdjustment: 1 },
    ]);
    const policies = assembly.resourcesOf('AWS::ApplicationAutoScaling::ScalingPolicy');
    expect(
      policies.map(
        ({ Properties }) =>
          Properties.TargetTrackingScalingPolicyConfiguration?.CustomizedMetricSpecification.MetricName,
      ),
    ).toContain('ApproximateBacklogSizePerInstance');
  });
});

describe('hosting of the models', () => {
  const functionsOf = ({ resourcesOf }: StubAssembly) =>
    resourcesOf('AWS::Lambda::Function').map(({ Properties }) => Properties.Description.replace('Kindred ', ''));
  const namesIn = (definition: string) =>
    [...definition.matchAll(/function:|\$\{(\w+)FunctionArn\}/g)].map(([, name]) => name);
  const definitionOf = ({ resourcesOf }: StubAssembly) =>
    resourcesOf('AWS::StepFunctions::StateMachine')
      .map(({ Properties }) => String(Properties.DefinitionString))
      .find((text) => text.includes('EmbedTexts'))!;

  test.each([{ modelHosting: 'lambda', modelInstanceType: undefined }, { modelInstanceType: undefined }])(
    'with %o nothing of SageMaker is made, so that a first deployment needs no quota of a GPU',
    (settings) => {
      const alone = synthesizeStubs(settings);
      const types = new Set(Object.values(alone.resources).map(({ Type }) => Type));
      expect([...types].filter((type) => /SageMaker|AutoScaling|SNS::Subscription|ECR/.test(type))).toEqual([]);
      expect(Object.keys(alone.texts)).toEqual(['data', 'identity', 'pipeline', 'api']);
      expect(JSON.stringify(alone.texts)).not.toMatch(/sagemaker:/);
      expect(functionsOf(alone)).toContain('run-model-job');
      expect(functionsOf(alone)).not.toContain('submit-model-job');
      expect(functionsOf(alone)).not.toContain('resume-model-job');
      expect(namesIn(definitionOf(alone))).toContain('RunModelJob');
      expect(namesIn(definitionOf(alone))).not.toContain('SubmitModelJob');
    },
  );

  test('sagemaker has the endpoint alone, of the usual instance unless told; auto with an instance has both', () => {
    const endpoint = synthesizeStubs({ modelHosting: 'sagemaker', modelInstanceType: undefined });
    expect(functionsOf(endpoint)).not.toContain('run-model-job');
    expect(namesIn(definitionOf(endpoint))).not.toContain('RunModelJob');
    const [config] = endpoint.resourcesOf('AWS::SageMaker::EndpointConfig');
    expect(config?.Properties.ProductionVariants).toMatchObject([
      { InstanceType: 'ml.g5.xlarge', InitialInstanceCount: 1 },
    ]);
    expect(functionsOf(assembly)).toEqual(expect.arrayContaining(['run-model-job', 'submit-model-job']));
  });

  test('an instance for no endpoint is refused', () => {
    expect(() => synthesizeStubs({ modelHosting: 'lambda' })).toThrow(/modelInstanceType: has no meaning/);
  });
});

describe('intake', () => {
  const created = (...prefixes: string[]) => ({
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: [expect.anything()] }, object: { key: prefixes.map((prefix) => ({ prefix })) } },
  });

  test('a dropped file goes to ingest-file, a matrix to ingest-matrix, a commit to the Quiet machine, with retries and dead letters', () => {
    const dropped = withIdLike('AWS::Events::Rule', 'FileDropped').Properties;
    expect(dropped.EventPattern).toEqual(created('inbox/'));
    expect(assembly.resources[dropped.Targets[0].Arn['Fn::GetAtt'][0]]).toBe(functionNamed('ingest-file'));
    const matrix = withIdLike('AWS::Events::Rule', 'MatrixDropped').Properties;
    expect(matrix.EventPattern).toEqual(created('vectors-inbox/'));
    expect(assembly.resources[matrix.Targets[0].Arn['Fn::GetAtt'][0]]).toBe(functionNamed('ingest-matrix'));
    const committed = withIdLike('AWS::Events::Rule', 'FileCommitted').Properties;
    expect(committed.EventPattern).toEqual(created('imports/', 'matrices/'));
    expect(committed.Targets[0].Arn.Ref).toMatch(/^Quiet/);
    for (const [target] of [dropped.Targets, matrix.Targets, committed.Targets]) {
      expect(target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 20 });
      expect(target.DeadLetterConfig.Arn['Fn::GetAtt'][0]).toMatch(/DeadLetters/);
    }
  });

  test('a run, and whatever matrix no event told of, is asked for once a day', () => {
    const daily = withIdLike('AWS::Events::Rule', 'Daily').Properties;
    expect(daily.ScheduleExpression).toBe('cron(0 3 * * ? *)');
    expect(
      daily.Targets.map(({ Arn }: { Arn: { 'Fn::GetAtt': [string] } }) => assembly.resources[Arn['Fn::GetAtt'][0]]),
    ).toEqual([functionNamed('start-run-when-quiet'), functionNamed('ingest-matrix')]);
  });

  test("both of the endpoint's topics resume model jobs", () => {
    const subscriptions = assembly
      .resourcesOf('AWS::SNS::Subscription')
      .map(({ Properties }) => Properties)
      .filter(({ Protocol }) => Protocol === 'lambda');
    expect(new Set(subscriptions.map(({ TopicArn }) => TopicArn['Fn::ImportValue'])).size).toBe(2);
    for (const { Endpoint, RedrivePolicy } of subscriptions) {
      expect(assembly.resources[Endpoint['Fn::GetAtt'][0]]).toBe(functionNamed('resume-model-job'));
      expect(RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'][0]).toMatch(/^ModelNoticeDeadLetters/);
    }
  });

  test("where a notice is lost, the answer's object resumes the job", () => {
    const answered = withIdLike('AWS::Events::Rule', 'ModelAnswered').Properties;
    expect(answered.EventPattern).toEqual(created('model-output/endpoint/'));
    const [target] = answered.Targets;
    expect(assembly.resources[target.Arn['Fn::GetAtt'][0]]).toBe(functionNamed('resume-model-job'));
    expect(target.DeadLetterConfig.Arn['Fn::GetAtt'][0]).toMatch(/^ModelNoticeDeadLetters/);
  });
});

describe('API', () => {
  test('every route but the description of the API asks for a token with its scope; HEAD goes wherever GET does', () => {
    const routes = assembly
      .resourcesOf('AWS::ApiGatewayV2::Route')
      .map(({ Properties }) => [Properties.RouteKey, Properties.AuthorizationType, Properties.AuthorizationScopes]);
    const reading = ['JWT', ['kindred/segments:read']];
    const gets = [
      ['/customers/{customerId}/segment', ...reading],
      ['/openapi.json', 'NONE', undefined],
      ['/runs', ...reading],
      ['/runs/{runId}', ...reading],
      ['/segments', ...reading],
      ['/segments/{segmentId}', ...reading],
      ['/segments/{segmentId}/members', ...reading],
    ];
    expect(routes.sort()).toEqual([
      ...gets.map(([path, ...authorization]) => [`GET ${path}`, ...authorization]),
      ...gets.map(([path, ...authorization]) => [`HEAD ${path}`, ...authorization]),
      ['POST /customers/segments:batchGet', ...reading],
      ['POST /customers:classify', 'JWT', ['kindred/customers:write']],
      ['POST /runs', 'JWT', ['kindred/admin']],
    ]);
  });

  test('it is throttled, and its access log holds no path, which may name a customer', () => {
    const { Properties } = only('AWS::ApiGatewayV2::Stage');
    expect(Properties.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 });
    expect(Object.values(JSON.parse(Properties.AccessLogSettings.Format))).not.toContain('$context.path');
    for (const { Properties: integration } of assembly.resourcesOf('AWS::ApiGatewayV2::Integration')) {
      expect(integration).toMatchObject({ IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0' });
    }
  });
});
