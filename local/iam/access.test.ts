import { describe, expect, it } from 'vitest';
import type { Json } from '../template/intrinsics.ts';
import { Access, type Request } from './access.ts';
import { AccessDeniedError } from './access-denied-error.ts';
import type { AccountPolicies } from './account-policies.ts';
import { readStatements } from './policy-document.ts';

const ROLE = 'arn:aws:iam::111122223333:role/reader';
const BUCKET = 'arn:aws:s3:::shop';
const KEY = 'arn:aws:kms:us-east-1:111122223333:key/k1';
const FUNCTION = 'arn:aws:lambda:us-east-1:111122223333:function:hear';
const RULE = 'arn:aws:events:us-east-1:111122223333:rule/dropped';
const ROOT = { AWS: 'arn:aws:iam::111122223333:root' };

const statements = (...Statement: { [name: string]: Json }[]) =>
  readStatements({ Version: '2012-10-17', Statement }, 's/policy');

function account(identity: { [name: string]: Json }[], resources: AccountPolicies['resources'] = {}): AccountPolicies {
  return {
    region: 'us-east-1',
    accountId: '111122223333',
    roles: { [ROLE]: { name: 'reader', session: 'read-file', statements: statements(...identity) } },
    resources,
    keyOf: { [BUCKET]: KEY },
  };
}

/** `allowed`, or why not. */
function verdict(policies: AccountPolicies, request: Partial<Request>): string {
  const access = new Access(policies, { owner: 'owner' });
  const call = { principal: ROLE, action: 's3:GetObject', resource: `${BUCKET}/runs/a`, ...request };
  return access.refusalOf(call) ?? 'allowed';
}

const allow = (Action: string, Resource: string, more: { [name: string]: Json } = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
});
const deny = (Action: string, Resource: string, more: { [name: string]: Json } = {}) => ({
  ...allow(Action, Resource, more),
  Effect: 'Deny',
});

describe('policy evaluation logic within one account (IAM User Guide)', () => {
  it.each([
    ['nothing allows', [], {}, 'no identity-based policy'],
    ['a policy of the role allows', [allow('s3:GetObject', `${BUCKET}/runs/*`)], {}, 'allowed'],
    ['it allows another action', [allow('s3:PutObject', `${BUCKET}/*`)], {}, 'no identity-based policy'],
    ['it allows another folder', [allow('s3:GetObject', `${BUCKET}/lake/*`)], {}, 'no identity-based policy'],
    ['actions are compared without their case', [allow('S3:getobject', `${BUCKET}/*`)], {}, 'allowed'],
    ['resources with their case', [allow('s3:GetObject', `${BUCKET}/RUNS/*`)], {}, 'no identity-based policy'],
    [
      'an explicit deny counts for more than an allow',
      [allow('s3:*', '*'), deny('s3:Get*', `${BUCKET}/runs/*`)],
      {},
      'identity-based policy',
    ],
    [
      'the policy of the bucket denies',
      [allow('s3:*', '*')],
      { [BUCKET]: statements(deny('s3:*', '*', { Principal: '*' })) },
      'resource-based policy',
    ],
    [
      'the policy of the bucket allows the role by itself',
      [],
      { [BUCKET]: statements(allow('s3:GetObject', `${BUCKET}/*`, { Principal: { AWS: ROLE } })) },
      'allowed',
    ],
    [
      'one that names the account leaves it to the policies of the role',
      [],
      { [BUCKET]: statements(allow('s3:GetObject', `${BUCKET}/*`, { Principal: ROOT })) },
      'no identity-based policy',
    ],
  ])('%s', (_, identity, resources, expected) => {
    expect(verdict(account(identity, resources), {})).toBe(expected);
  });

  it('a wildcard stays within its part of the ARN', () => {
    const policies = account([allow('lambda:InvokeFunction', 'arn:aws:lambda:*:hear')]);
    expect(verdict(policies, { action: 'lambda:InvokeFunction', resource: FUNCTION })).toBe('no identity-based policy');
  });
});

describe('keys: nobody uses one whose own policy does not say so (KMS Developer Guide, "Key policies")', () => {
  const decrypt = { action: 'kms:Decrypt', resource: KEY };
  const identity = [allow('kms:Decrypt', KEY)];
  const leavesToAccount = statements(allow('kms:*', '*', { Principal: ROOT }));

  it('the policy of a role is not enough', () => {
    expect(verdict(account(identity, { [KEY]: [] }), decrypt)).toBe('no resource-based policy');
  });
  it('with the account in the key policy, it is', () => {
    expect(verdict(account(identity, { [KEY]: leavesToAccount }), decrypt)).toBe('allowed');
    expect(verdict(account([], { [KEY]: leavesToAccount }), decrypt)).toBe('no identity-based policy');
  });
  it('is asked for when the bucket is encrypted with it, through S3', () => {
    const viaS3 = { Condition: { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } } };
    const read = allow('s3:GetObject', `${BUCKET}/*`);
    const request = { principal: ROLE, action: 's3:GetObject', resource: `${BUCKET}/a`, keyActions: ['kms:Decrypt'] };
    const require = (use: object[]) => () =>
      new Access(account([read, ...(use as never[])], { [KEY]: leavesToAccount }), { owner: 'owner' }).require(request);
    expect(require([allow('kms:Decrypt', KEY, viaS3)])).not.toThrow();
    expect(require([])).toThrow(
      `perform: kms:Decrypt on resource: ${KEY} because no identity-based policy allows the kms:Decrypt action`,
    );
  });
});

describe('services', () => {
  const call = { principal: 'events.amazonaws.com', action: 'lambda:InvokeFunction', resource: FUNCTION };
  const policies = account([], {
    [FUNCTION]: statements(
      allow('lambda:InvokeFunction', FUNCTION, {
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnLike: { 'aws:SourceArn': RULE } },
      }),
    ),
  });
  it.each([
    ['its own rule', { context: { 'aws:SourceArn': RULE } }, 'allowed'],
    ['another rule', { context: { 'aws:SourceArn': `${RULE}-too` } }, 'no resource-based policy'],
    ['no rule', {}, 'no resource-based policy'],
    [
      'another service',
      { principal: 'sns.amazonaws.com', context: { 'aws:SourceArn': RULE } },
      'no resource-based policy',
    ],
  ])('call a function in the name of %s', (_, more, expected) => {
    expect(verdict(policies, { ...call, ...more })).toBe(expected);
  });
});

describe('the error', () => {
  const access = (identity: { [name: string]: Json }[], tell: (error: AccessDeniedError) => void = () => {}) =>
    new Access(account(identity), { owner: 'owner', onDenied: tell });
  const put = { principal: ROLE, action: 's3:PutObject', resource: `${BUCKET}/a` };

  it('reads as that of AWS, with the missing statement behind, and whoever watches is told', () => {
    const told: unknown[] = [];
    const call = () => access([], (error) => told.push(error)).require(put);
    expect(call).toThrow(
      'User: arn:aws:sts::111122223333:assumed-role/reader/read-file is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::shop/a" because no identity-based policy allows the s3:PutObject action. Missing statement: {"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::shop/a"}',
    );
    expect(told).toEqual([expect.any(AccessDeniedError)]);
  });
  it('of an explicit deny names no statement: none is missing', () => {
    expect(() => access([allow('s3:*', '*'), deny('s3:PutObject', '*')]).require(put)).toThrow(
      /"arn:aws:s3:::shop\/a" with an explicit deny in an identity-based policy$/,
    );
  });
  it('never meets the owner, who is not even asked', () => {
    const asked: unknown[] = [];
    const owners = new Access(account([deny('*', '*')]), { owner: 'owner', onCall: (call) => asked.push(call) });
    owners.require({ ...put, principal: 'owner' });
    expect(asked).toEqual([]);
  });
});
