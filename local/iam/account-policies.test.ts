import { expect, it } from 'vitest';
import { UnrunnableTemplateError } from '../template/errors.ts';
import type { CloudResource } from '../template/resolved-template.ts';
import { accountPolicies } from './account-policies.ts';

const place = { region: 'us-east-1', accountId: '111122223333' };
const trust = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
};
const document = (Action: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
});
const resource = (type: string, ref: string, properties: CloudResource['properties'], arn?: string): CloudResource => ({
  stack: 's',
  logicalId: ref,
  title: ref,
  type,
  ref,
  attributes: arn === undefined ? {} : { Arn: arn },
  properties,
});
const role = (properties: CloudResource['properties']) =>
  resource('AWS::IAM::Role', 'reader', { AssumeRolePolicyDocument: trust, ...properties }, 'arn:role');

it('a role has its inline policies, those that name it, and the managed ones it names', () => {
  const { roles } = accountPolicies(
    [
      role({
        Policies: [{ PolicyName: 'own', PolicyDocument: document('a:Inline') }],
        ManagedPolicyArns: ['arn:managed'],
      }),
      resource('AWS::IAM::Policy', 'p', { Roles: ['reader'], PolicyDocument: document('a:Attached') }),
      resource('AWS::IAM::Policy', 'q', { Roles: ['another'], PolicyDocument: document('a:Others') }),
      resource('AWS::IAM::ManagedPolicy', 'arn:managed', { PolicyDocument: document('a:Managed') }),
      resource('AWS::Lambda::Function', 'read-file', { Role: 'arn:role' }, 'arn:function'),
    ],
    place,
  );
  expect(roles['arn:role']?.statements.flatMap(({ Action }) => Action)).toEqual([
    'a:Inline',
    'a:Attached',
    'a:Managed',
  ]);
  expect(roles['arn:role']).toMatchObject({ name: 'reader', session: 'read-file' });
});

it('policies of resources are found by the resource, however their template names it', () => {
  const everyone = { Statement: [{ Effect: 'Deny', Principal: '*', Action: 'x:y', Resource: '*' }] };
  const { resources } = accountPolicies(
    [
      resource('AWS::SQS::Queue', 'https://queue', {}, 'arn:queue'),
      resource('AWS::SQS::QueuePolicy', 'p', { Queues: ['https://queue'], PolicyDocument: everyone }),
      resource('AWS::S3::Bucket', 'shop', {}, 'arn:aws:s3:::shop'),
      resource('AWS::S3::BucketPolicy', 'b', { Bucket: 'shop', PolicyDocument: everyone }),
      resource('AWS::Lambda::Function', 'hear', {}, 'arn:function'),
      resource('AWS::Lambda::Permission', 'l', {
        Action: 'lambda:InvokeFunction',
        FunctionName: 'hear',
        Principal: 'events.amazonaws.com',
        SourceArn: 'arn:rule',
      }),
      role({}),
    ],
    place,
  );
  expect(Object.keys(resources).sort()).toEqual(['arn:aws:s3:::shop', 'arn:function', 'arn:queue', 'arn:role']);
  expect(resources['arn:function']).toEqual([
    {
      Effect: 'Allow',
      Principal: { Service: ['events.amazonaws.com'] },
      Action: ['lambda:InvokeFunction'],
      Resource: ['arn:function'],
      Condition: { ArnLike: { 'aws:SourceArn': 'arn:rule' } },
    },
  ]);
});

it('keys of the template are found by id, ARN and alias; those of AWS ask nobody', () => {
  const { keyOf } = accountPolicies(
    [
      resource('AWS::KMS::Key', 'k1', { KeyPolicy: document('kms:x') }, 'arn:key'),
      resource('AWS::KMS::Alias', 'alias/shop', { TargetKeyId: 'arn:key' }),
      resource('AWS::DynamoDB::Table', 'rows', { SSESpecification: { KMSMasterKeyId: 'k1' } }, 'arn:table'),
      resource('AWS::SNS::Topic', 'arn:topic', { KmsMasterKeyId: 'alias/shop' }),
      resource('AWS::SQS::Queue', 'queue', { KmsMasterKeyId: 'alias/aws/sqs' }, 'arn:queue'),
    ],
    place,
  );
  expect(keyOf).toEqual({ 'arn:table': 'arn:key', 'arn:topic': 'arn:key' });
});

it.each([
  [
    'a managed policy that the template does not hold',
    [role({ ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] })],
    /s\/reader: the managed policy arn:aws:iam::aws:policy\/AdministratorAccess is not in the template/,
  ],
  [
    'an element',
    [role({ Policies: [{ PolicyDocument: { Statement: [{ Effect: 'Allow', NotAction: 'a:b', Resource: '*' }] } }] })],
    /s\/reader: the policy's Statement\.0 is refused: Unrecognized key: "NotAction"/,
  ],
  [
    'a policy variable',
    [
      role({
        Policies: [
          { PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'a:b', Resource: 'x/$' + '{aws:username}' }] } },
        ],
      }),
    ],
    /s\/reader: the policy variable in "x\/\$\{aws:username\}" is not known here/,
  ],
] as const)('refuses what it does not know by name: %s', (_, resources, message) => {
  const read = () => accountPolicies(resources, place);
  expect(read).toThrow(UnrunnableTemplateError);
  expect(read).toThrow(message);
});
