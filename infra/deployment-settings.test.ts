import { describe, expect, test } from 'vitest';
import { settingsFromContext } from './deployment-settings.ts';

const least = { jwtIssuer: 'https://issuer.example/pool', jwtAudience: 'shop' };

describe('settingsFromContext', () => {
  test('fills in defaults, reads numbers given as text, and leaves the names of CDK alone', () => {
    const settings = settingsFromContext({
      ...least,
      segments: '7',
      '@aws-cdk/aws-iam:minimizePolicies': true,
      'aws:cdk:bundling-stacks': ['**'],
      'cli:json': 1,
    });
    expect(settings).toMatchObject({
      deploymentName: 'kindred',
      segments: 7,
      vectorDims: 100,
      lambdaPlatform: 'linux-arm64',
    });
  });

  test('refuses an unknown name and says which there are', () => {
    expect(() => settingsFromContext({ ...least, vectorDimensions: 10 })).toThrow(
      /vectorDimensions: there is no such setting[\s\S]*Allowed settings:.*vectorDims/,
    );
  });

  test('names each setting that is missing and what it should be', () => {
    expect(() => settingsFromContext({})).toThrow(
      /jwtIssuer: missing \(the OpenID Connect issuer[\s\S]*jwtAudience: missing \(the audience/,
    );
  });

  test('says what was got when a value is out of range', () => {
    expect(() => settingsFromContext({ ...least, quietSeconds: '0' })).toThrow(/quietSeconds: got "0"/);
    expect(() => settingsFromContext({ ...least, logRetentionDays: 31 })).toThrow(
      /logRetentionDays: got 31, allowed are 1, 3, 5, 7, 14, 30, 60/,
    );
  });
});
