import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import cdkJson from '../cdk.json' with { type: 'json' };
import { settingsFromContext } from './deployment-settings.ts';
import { projectRoot } from './kindred-app.ts';

describe('settingsFromContext', () => {
  test('fills in defaults, reads numbers given as text, and leaves the names of CDK alone', () => {
    const settings = settingsFromContext({
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
    expect(() => settingsFromContext({ vectorDimensions: 10 })).toThrow(
      /vectorDimensions: there is no such setting[\s\S]*Allowed settings:.*vectorDims/,
    );
  });

  test('wants issuer and audience of an external issuer, and neither an issuer nor a name that Cognito refuses with its own', () => {
    expect(() => settingsFromContext({ identityProvider: 'external' })).toThrow(
      /jwtIssuer: missing; .*needs the issuer[\s\S]*jwtAudience: missing; .*needs the audience/,
    );
    const issuer = { jwtIssuer: 'https://login.example/tenant', jwtAudience: 'shop' };
    expect(settingsFromContext({ identityProvider: 'external', ...issuer })).toMatchObject(issuer);
    expect(() => settingsFromContext(issuer)).toThrow(
      /jwtIssuer: got "https:\/\/login.example\/tenant"; .*set identityProvider=external/,
    );
    expect(() => settingsFromContext({ deploymentName: 'awsome' })).toThrow(/deploymentName: got "awsome"/);
  });

  test('reads yes and no as cdk.json and as the command line write them', () => {
    expect(settingsFromContext({ retainData: false }).retainData).toBe(false);
    expect(settingsFromContext({ retainData: 'false' }).retainData).toBe(false);
    expect(() => settingsFromContext({ retainData: 'no' })).toThrow(/retainData: got "no"/);
  });

  test('cdk.json holds every setting with its default, and docs/deploy.md says of each what it is', () => {
    const documented = Object.entries(cdkJson.context).filter(([name]) => !name.includes(':'));
    expect(Object.fromEntries(documented)).toEqual(settingsFromContext({}));
    const guide = readFileSync(join(projectRoot, 'docs', 'deploy.md'), 'utf8');
    const explained = [...guide.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(([, name, value]) => [name, value]);
    const asTable = Object.entries(settingsFromContext({})).map(([name, value]) => [
      name,
      `\`${value === '' ? '""' : value}\``,
    ]);
    expect(explained.sort()).toEqual(asTable.sort());
  });

  test('says what was got when a value is out of range', () => {
    expect(() => settingsFromContext({ quietSeconds: '0' })).toThrow(/quietSeconds: got "0"/);
    expect(() => settingsFromContext({ logRetentionDays: 31 })).toThrow(
      /logRetentionDays: got 31, allowed are 1, 3, 5, 7, 14, 30, 60/,
    );
  });
});
