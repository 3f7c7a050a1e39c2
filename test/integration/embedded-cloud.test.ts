// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import type { Invocation } from '../../local/lambda/function-service.ts';

/** A small shop: a dropped file is counted by a state machine, which announces it on the bus; look-ups go through an HTTP API. */
const FUNCTIONS = `
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

const { TABLE, BUCKET, SECRET, MACHINE } = process.env;
const table = new DynamoDBClient({});

export const onDrop = async ({ detail }) => {
  if (detail.object.key.endsWith('.bad')) throw new TypeError('a bad file');
  const input = JSON.stringify({ key: detail.object.key, versionId: detail.object['version-id'] });
  await new SFNClient({}).send(new StartExecutionCommand({ stateMachineArn: MACHINE, input }));
};

export const count = async ({ key, versionId }) => {
  const { Body } = await new S3Client({}).send(new GetObjectCommand({ Bucket: BUCKET, Key: key, VersionId: versionId }));
  const lines = (await Body.transformToString()).trimEnd().split('\\n').length;
  const { SecretString } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: SECRET }));
  await table.send(new PutItemCommand({ TableName: TABLE, Item: { key: { S: key }, lines: { N: String(lines) }, secretLength: { N: String(SecretString.length) } } }));
  const entry = { Source: 'shop', DetailType: 'counted', Detail: JSON.stringify({ key, lines }) };
  await new EventBridgeClient({}).send(new PutEventsCommand({ Entries: [entry] }));
  return { lines };
};

export const hear = async (event) => event;

const refusal = ({ name, message }) => ({ name, message });
export const trespass = async ({ detail }) => {
  if (detail.fail) throw new TypeError('on purpose');
  const calls = {
    s3: new S3Client({}).send(new GetObjectCommand({ Bucket: BUCKET, Key: 'inbox/sales.csv' })),
    dynamodb: table.send(new GetItemCommand({ TableName: TABLE, Key: { key: { S: 'x' } } })),
    secretsManager: new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: SECRET })),
    eventBridge: new EventBridgeClient({}).send(new PutEventsCommand({ Entries: [{ Source: 'a', DetailType: 'b', Detail: '{}' }] })),
    stepFunctions: new SFNClient({}).send(new StartExecutionCommand({ stateMachineArn: MACHINE, input: '{}' })),
  };
  return Object.fromEntries(await Promise.all(Object.entries(calls).map(async ([name, call]) => [name, await call.catch(refusal)])));
};

export const lookUp = async ({ pathParameters, requestContext }) => {
  const { Item } = await table.send(new GetItemCommand({ TableName: TABLE, Key: { key: { S: 'inbox/' + pathParameters.name } } }));
  if (!Item) return { statusCode: 404, headers: { 'content-type': 'application/json' }, body: '{"title":"no such drop"}' };
  return { lines: Number(Item.lines.N), by: requestContext.authorizer.jwt.claims.sub };
};
`;

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const assumedBy = (...Service: string[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
    },
  },
});
const allow = (Action: string | string[], Resource: object | object[]) => ({ Effect: 'Allow', Action, Resource });
const logs = allow(['logs:CreateLogStream', 'logs:PutLogEvents'], {
  'Fn::Sub': 'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/*',
});
const permission = (logicalId: string, Principal: string, SourceArn: object) => ({
  Type: 'AWS::Lambda::Permission',
  Properties: { Action: 'lambda:InvokeFunction', FunctionName: arnOf(logicalId), Principal, SourceArn },
});
const code = { S3Bucket: { 'Fn::Sub': 'assets-${AWS::AccountId}' }, S3Key: 'abc123.zip' };
const variables = { TABLE: { Ref: 'Drops' }, BUCKET: { Ref: 'Bucket' }, SECRET: { Ref: 'Secret' } };
const lambda = (name: string, more: object = {}, environment: object = variables) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: code,
    Handler: `index.${name}`,
    Runtime: 'nodejs24.x',
    Role: arnOf('Role'),
    MemorySize: 256,
    Timeout: 20,
    Environment: { Variables: environment },
    ...more,
  },
});
const rule = (EventPattern: object, target: object) => ({
  Type: 'AWS::Events::Rule',
  Properties: { EventPattern, State: 'ENABLED', Targets: [{ Id: 'Target0', ...target }] },
});
const route = (RouteKey: string, more: object) => ({
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: {
    ApiId: { Ref: 'Api' },
    RouteKey,
    Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'LookUpIntegration' }]] },
    ...more,
  },
});
const definition = {
  QueryLanguage: 'JSONata',
  StartAt: 'Count',
  States: {
    Count: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: { FunctionName: '${Count}', Payload: '{% $states.input %}' },
      Output: '{% $states.result.Payload %}',
      End: true,
    },
  },
};

const template = (issuerUrl: string) => ({
  Resources: {
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      },
    },
    Drops: {
      Type: 'AWS::DynamoDB::GlobalTable',
      Properties: {
        AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        Replicas: [{ Region: { Ref: 'AWS::Region' } }],
      },
    },
    Secret: {
      Type: 'AWS::SecretsManager::Secret',
      Properties: { Name: 'shop/key', GenerateSecretString: { PasswordLength: 40, ExcludePunctuation: true } },
    },
    DeadLetters: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead-letters', SqsManagedSseEnabled: true } },
    Role: assumedBy('lambda.amazonaws.com', 'states.amazonaws.com'),
    RolePolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'shop',
        Roles: [{ Ref: 'Role' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            logs,
            allow('states:StartExecution', { Ref: 'Machine' }),
            allow('lambda:InvokeFunction', arnOf('Count')),
            allow('s3:GetObjectVersion', { 'Fn::Sub': '${Bucket.Arn}/inbox/*' }),
            allow(['dynamodb:GetItem', 'dynamodb:PutItem'], arnOf('Drops')),
            allow('secretsmanager:GetSecretValue', { Ref: 'Secret' }),
            allow('events:PutEvents', {
              'Fn::Sub': 'arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default',
            }),
            allow('sqs:SendMessage', arnOf('DeadLetters')),
          ],
        },
      },
    },
    Nobody: assumedBy('lambda.amazonaws.com'),
    OnDrop: lambda(
      'onDrop',
      { DeadLetterConfig: { TargetArn: arnOf('DeadLetters') } },
      { MACHINE: { Ref: 'Machine' } },
    ),
    OnDropInvocations: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'OnDrop' }, Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
    },
    Count: lambda('count'),
    Hear: lambda('hear'),
    LookUp: lambda('lookUp'),
    Trespass: lambda(
      'trespass',
      { Role: arnOf('Nobody'), DeadLetterConfig: { TargetArn: arnOf('DeadLetters') } },
      { ...variables, MACHINE: { Ref: 'Machine' } },
    ),
    TrespassInvocations: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'Trespass' }, Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
    },
    Trespassing: rule({ source: ['trespass'] }, { Arn: arnOf('Trespass') }),
    DroppedMayInvoke: permission('OnDrop', 'events.amazonaws.com', arnOf('Dropped')),
    CountedMayInvoke: permission('Hear', 'events.amazonaws.com', arnOf('Counted')),
    TrespassingMayInvoke: permission('Trespass', 'events.amazonaws.com', arnOf('Trespassing')),
    LookUpMayBeInvoked: permission('LookUp', 'apigateway.amazonaws.com', {
      'Fn::Sub': 'arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*/drops/{name}',
    }),
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        DefinitionString: JSON.stringify(definition),
        DefinitionSubstitutions: { Count: arnOf('Count') },
        RoleArn: arnOf('Role'),
      },
    },
    Dropped: rule(
      {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: [{ Ref: 'Bucket' }] }, object: { key: [{ prefix: 'inbox/' }] } },
      },
      { Arn: arnOf('OnDrop') },
    ),
    Counted: rule(
      { source: ['shop'], detail: { lines: [{ numeric: ['>', 1] }] } },
      { Arn: arnOf('Hear'), InputPath: '$.detail' },
    ),
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'shop', ProtocolType: 'HTTP' } },
    Stage: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
    },
    Tokens: {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: {
        ApiId: { Ref: 'Api' },
        AuthorizerType: 'JWT',
        IdentitySource: ['$request.header.Authorization'],
        JwtConfiguration: { Audience: ['kindred'], Issuer: issuerUrl },
      },
    },
    LookUpIntegration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: arnOf('LookUp'),
        PayloadFormatVersion: '2.0',
      },
    },
    LookUpRoute: route('GET /drops/{name}', {
      AuthorizationType: 'JWT',
      AuthorizerId: { Ref: 'Tokens' },
      AuthorizationScopes: ['kindred/segments:read'],
    }),
    AdminRoute: route('GET /admin/{name}', {
      AuthorizationType: 'JWT',
      AuthorizerId: { Ref: 'Tokens' },
      AuthorizationScopes: ['kindred/admin'],
    }),
  },
  Outputs: { BucketName: { Value: { Ref: 'Bucket' } } },
});

let folder: string;
let bundle: string;

/** What the cloud had to tell. */
const lines: string[] = [];

/** Invocations, to be waited for by function. */
const invocations: Invocation[] = [];
const waiting: { name: string; resolve: (invocation: Invocation) => void }[] = [];
const nextInvocationOf = (name: string) => new Promise<Invocation>((resolve) => waiting.push({ name, resolve }));

function start(change: (resources: Record<string, unknown>) => void = () => {}): Promise<Cloud> {
  return startCloud({
    dataDir: join(folder, 'data'),
    port: 0,
    settings: {},
    seed: 1,
    log: (line) => void lines.push(line),
    onInvocation: (invocation) => {
      invocations.push(invocation);
      for (const one of waiting.splice(0)) {
        if (one.name === invocation.functionName) one.resolve(invocation);
        else waiting.push(one);
      }
    },
    synthesize: async (outdir, issuerUrl) => {
      const shop = template(issuerUrl);
      change(shop.Resources);
      await mkdir(join(outdir, 'asset.abc123'), { recursive: true });
      await writeFile(join(outdir, 'asset.abc123', 'index.mjs'), bundle);
      await writeFile(join(outdir, 'shop.template.json'), JSON.stringify(shop));
      await writeFile(
        join(outdir, 'shop.assets.json'),
        JSON.stringify({ files: { abc123: { source: { path: 'asset.abc123' } } } }),
      );
      const artifacts = {
        shop: {
          type: 'aws:cloudformation:stack',
          properties: { templateFile: 'shop.template.json' },
          dependencies: ['shop.assets'],
        },
        'shop.assets': { type: 'cdk:asset-manifest', properties: { file: 'shop.assets.json' } },
      };
      await writeFile(join(outdir, 'manifest.json'), JSON.stringify({ version: '55.0.0', artifacts }));
    },
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindred-cloud-'));
  const built = await build({
    stdin: { contents: FUNCTIONS, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    write: false,
  });
  bundle = built.outputFiles[0]!.text;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the embedded cloud runs a synthesized template', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await start();
  });
  afterAll(() => cloud.close());

  const drop = async (name: string, body: string) => {
    const s3 = new S3Client(cloud.clientConfig('s3'));
    await s3.send(new PutObjectCommand({ Bucket: cloud.endpoints.bucket, Key: `inbox/${name}`, Body: body }));
  };
  const get = async (path: string, token?: string) => {
    const response = await fetch(cloud.endpoints.api + path, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
    });
    return { status: response.status, body: await response.json() };
  };

  it('from a dropped file through rule, function, state machine, table, secret and bus', async () => {
    const heard = nextInvocationOf('Hear');
    await drop('sales.csv', 'a\nb\nc\n');
    expect((await heard).result).toEqual({ key: 'inbox/sales.csv', lines: 3 });

    const dynamodb = new DynamoDBClient(cloud.clientConfig('dynamodb'));
    const row = await dynamodb.send(
      new GetItemCommand({ TableName: cloud.endpoints.tables['drops'], Key: { key: { S: 'inbox/sales.csv' } } }),
    );
    expect(row.Item).toEqual({ key: { S: 'inbox/sales.csv' }, lines: { N: '3' }, secretLength: { N: '40' } });

    const sfn = new SFNClient(cloud.clientConfig('stepFunctions'));
    const { executions } = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn: cloud.endpoints.stateMachines['machine'] }),
    );
    // The event is heard while the function that sent it, and the machine that called that, have yet to end.
    const executionArn = executions?.[0]?.executionArn;
    const execution = await vi.waitUntil(async () => {
      const described = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      return described.status === 'RUNNING' ? undefined : described;
    });
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: '{"lines":3}' });
  });

  it('answers over HTTP whom the token lets in', async () => {
    const { reader } = cloud.endpoints.tokens;
    expect(await get('/drops/sales.csv', reader)).toEqual({ status: 200, body: { lines: 3, by: 'reader' } });
    expect(await get('/drops/none.csv', reader)).toEqual({ status: 404, body: { title: 'no such drop' } });
    expect(await get('/drops/sales.csv')).toEqual({ status: 401, body: { message: 'Unauthorized' } });
    expect(await get('/admin/sales.csv', reader)).toEqual({ status: 403, body: { message: 'Forbidden' } });
    expect(await get('/elsewhere', reader)).toEqual({ status: 404, body: { message: 'Not Found' } });
  });

  it('refuses a role what its policies do not allow, as each service does, and says which statement is missing', async () => {
    const trespassed = nextInvocationOf('Trespass');
    const bus = new EventBridgeClient(cloud.clientConfig('eventBridge'));
    const entry = (detail: object) => ({ Source: 'trespass', DetailType: 'try', Detail: JSON.stringify(detail) });
    await bus.send(new PutEventsCommand({ Entries: [entry({})] }));
    const refusals = (await trespassed).result as Record<string, { name: string; message: string }>;
    const names = Object.entries(refusals).map(([service, { name }]) => [service, name]);
    // S3's code is its own; the others' are those of their service models and of the common errors.
    expect(Object.fromEntries(names)).toEqual({
      s3: 'AccessDenied',
      dynamodb: 'AccessDeniedException',
      secretsManager: 'AccessDeniedException',
      eventBridge: 'AccessDeniedException',
      stepFunctions: 'AccessDeniedException',
    });
    const actions = {
      s3: 's3:GetObject',
      dynamodb: 'dynamodb:GetItem',
      secretsManager: 'secretsmanager:GetSecretValue',
      eventBridge: 'events:PutEvents',
      stepFunctions: 'states:StartExecution',
    };
    for (const [service, action] of Object.entries(actions)) {
      const { message } = refusals[service]!;
      expect(message).toMatch(
        /^User: arn:aws:sts::000000000000:assumed-role\/shop-Nobody-\w+\/shop-Trespass-\w+ is not authorized/,
      );
      expect(message).toContain(`because no identity-based policy allows the ${action} action.`);
      expect(message).toContain(`Missing statement: {"Effect":"Allow","Action":"${action}","Resource":"arn:aws:`);
      expect(lines).toContain(message);
    }
  });

  it('loses what a role may not keep, a log or a dead letter, and says so', async () => {
    const bus = new EventBridgeClient(cloud.clientConfig('eventBridge'));
    const failing = { Source: 'trespass', DetailType: 'try', Detail: '{"fail":true}' };
    await bus.send(new PutEventsCommand({ Entries: [failing] }));
    await expect.poll(() => lines.join('\n'), { timeout: 20_000 }).toMatch(/A message for \S+:dead-letters is lost/);
    expect(lines.join('\n')).toMatch(/What Trespass prints is lost/);
    expect(lines.join('\n')).toContain('"Action":"sqs:SendMessage"');
    expect(lines.join('\n')).toContain('"Action":"logs:CreateLogStream"');
  });

  it('answers for a route that API Gateway may not invoke with 500, as API Gateway does', async () => {
    const answer = { status: 500, body: { message: 'Internal Server Error' } };
    expect(await get('/admin/sales.csv', cloud.endpoints.tokens.admin)).toEqual(answer);
    expect(lines.at(-1)).toMatch(
      /^Service: apigateway\.amazonaws\.com is not authorized to perform: lambda:InvokeFunction/,
    );
  });

  it('tells of an event that a function cannot take', async () => {
    const failed = nextInvocationOf('OnDrop');
    await drop('broken.bad', 'x');
    expect((await failed).error).toMatchObject({ errorType: 'TypeError', errorMessage: 'a bad file' });
  });

  it('takes events from clients, and refuses a bad one alone', async () => {
    const bus = new EventBridgeClient(cloud.clientConfig('eventBridge'));
    const heard = nextInvocationOf('Hear');
    const entry = (Source: string, Detail: string) => ({ Source, DetailType: 'counted', Detail });
    const { FailedEntryCount, Entries } = await bus.send(
      new PutEventsCommand({
        Entries: [
          entry('shop', '{"lines":7}'),
          entry('shop', 'no json'),
          entry('aws.s3', '{}'),
          entry('shop', '{"lines":1}'),
        ],
      }),
    );
    expect(FailedEntryCount).toBe(2);
    expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      'MalformedDetail',
      'NotAuthorizedForSourceException',
      undefined,
    ]);
    expect((await heard).result).toEqual({ lines: 7 });
  });

  it('lets nobody in with a wrong key', async () => {
    const config = cloud.clientConfig('secretsManager');
    const { Name } = await new SecretsManagerClient(config).send(new GetSecretValueCommand({ SecretId: 'shop/key' }));
    expect(Name).toBe('shop/key');
    const credentials = { ...config.credentials, secretAccessKey: 'wrong' };
    const refused = new SecretsManagerClient({ ...config, credentials }).send(
      new GetSecretValueCommand({ SecretId: 'shop/key' }),
    );
    await expect(refused).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });

  it('writes endpoints.json, keeps another cloud out, keeps dead letters, and finds its data again after a restart', async () => {
    const written = JSON.parse(await readFile(join(folder, 'data', 'endpoints.json'), 'utf8'));
    expect(written).toEqual(cloud.endpoints);
    await expect(start()).rejects.toMatchObject({ code: 'DATA_FOLDER_IN_USE' });
    await cloud.close();
    expect(existsSync(join(folder, 'data', 'endpoints.json'))).toBe(false);
    expect(existsSync(join(folder, 'data', 'lock'))).toBe(false);
    await expect(fetch(written.dynamodb)).rejects.toThrow();
    const [message] = (await readFile(join(folder, 'data', 'queues', 'dead-letters.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n');
    const { body, attributes } = JSON.parse(message!);
    expect(JSON.parse(body)).toMatchObject({
      source: 'aws.s3',
      detail: { object: { key: 'inbox/broken.bad', size: 1 }, reason: 'PutObject' },
    });
    expect(attributes.ErrorMessage).toBe('a bad file');

    cloud = await start();
    expect(cloud.endpoints.accessKeyId).toBe(written.accessKeyId);
    expect(await get('/drops/sales.csv', cloud.endpoints.tokens.reader)).toEqual({
      status: 200,
      body: { lines: 3, by: 'reader' },
    });
  });
});

it('does not start a template with what it does not know, and leaves nothing behind', async () => {
  const starting = start((resources) => {
    resources['Stream'] = { Type: 'AWS::Kinesis::Stream', Properties: {} };
    (resources['Count'] as { Properties: Record<string, unknown> }).Properties['VpcConfig'] = { SubnetIds: ['a'] };
  });
  await expect(starting).rejects.toThrow(/shop\/Stream: the resource type AWS::Kinesis::Stream is not known here/);
  await expect(starting).rejects.toThrow(
    /shop\/Count: the property VpcConfig\.SubnetIds\[\] of AWS::Lambda::Function is not known here/,
  );
  expect(existsSync(join(folder, 'data', 'lock'))).toBe(false);
});

it('does not start a function whose role it may not take on, nor on policies with what it does not know', async () => {
  const starting = start((resources) => {
    resources['Nobody'] = assumedBy('states.amazonaws.com');
  });
  await expect(starting).rejects.toThrow(
    /shop\/Trespass: Service: lambda\.amazonaws\.com is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::000000000000:role\/shop-Nobody/,
  );
  const strange = start((resources) => {
    const { Properties } = resources['RolePolicy'] as { Properties: { PolicyDocument: { Statement: object[] } } };
    Properties.PolicyDocument.Statement.push({
      ...allow('s3:GetObject', arnOf('Bucket')),
      Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    });
  });
  await expect(strange).rejects.toThrow(/shop\/RolePolicy: the condition operator IpAddress is not known here/);
});

it('does not start on tables with other keys than the template’s', async () => {
  const starting = start((resources) => {
    const { Properties } = resources['Drops'] as { Properties: Record<string, unknown> };
    Properties['KeySchema'] = [{ AttributeName: 'name', KeyType: 'HASH' }];
    Properties['AttributeDefinitions'] = [{ AttributeName: 'name', AttributeType: 'S' }];
  });
  await expect(starting).rejects.toMatchObject({
    code: 'TABLE_CHANGED',
    message: expect.stringContaining('it has key HASH S, the template name HASH S'),
  });
});
