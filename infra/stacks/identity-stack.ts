import {
  AccountRecovery,
  FeaturePlan,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  type UserPoolClient,
  type UserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito';
import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type Scope, scopes } from '../../contracts/scopes.ts';
import type { Settings } from '../../contracts/settings.ts';
import { acknowledge } from '../constructs/acknowledgements.ts';
import { pinLogicalId } from '../constructs/pinned-logical-id.ts';

export interface IdentityStackProps extends StackProps {
  readonly settings: Settings;
}

const descriptions: Readonly<Record<Scope, string>> = {
  [scopes.readSegments]: 'Read segments, their members and runs, and look customers up',
  [scopes.writeCustomers]: 'Send in customers to be classified',
  [scopes.admin]: 'Start runs',
};

/** Cognito writes a scope as the resource server's identifier, a slash and the scope's name. */
const resourceServer = 'kindred';
const serverScopes = Object.entries(descriptions).map(
  ([scope, scopeDescription]) =>
    new ResourceServerScope({ scopeName: scope.slice(`${resourceServer}/`.length), scopeDescription }),
);

/**
 * Issues the API's tokens: a user pool of its own, and in it one client for programs (OAuth 2.0 client credentials). A stack apart: a
 * deployment that turns to another issuer leaves it standing, and its tokens are good until then.
 */
export class IdentityStack extends Stack {
  readonly issuerUrl: string;
  readonly clientId: string;

  constructor(scope: Construct, id: string, props: IdentityStackProps) {
    super(scope, id, props);
    const { settings } = props;
    const pool = this.#userPool(settings);
    const client = this.#machineClient(pool, this.#resourceServer(pool));
    // The last part of the stack's id, 12 hexadecimal digits, since the name must be nobody else's in the region.
    const stackNumber = Fn.select(4, Fn.split('-', Fn.select(2, Fn.split('/', this.stackId))));
    const domain = pool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: `${settings.deploymentName}-${stackNumber}` },
    });
    this.issuerUrl = pool.userPoolProviderUrl;
    this.clientId = client.userPoolClientId;

    new CfnOutput(this, 'UserPoolId', { value: pool.userPoolId });
    new CfnOutput(this, 'ClientId', { value: this.clientId });
    new CfnOutput(this, 'TokenUrl', { value: `${domain.baseUrl()}/oauth2/token` });
  }

  #userPool(settings: Settings): UserPool {
    const pool = new UserPool(this, 'UserPool', {
      featurePlan: FeaturePlan.LITE,
      selfSignUpEnabled: false,
      accountRecovery: AccountRecovery.NONE,
      passwordPolicy: {
        minLength: 14,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
      },
      deletionProtection: settings.retainData,
      removalPolicy: settings.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    pinLogicalId(pool, 'UserPool');
    const noUsers = 'Programs get tokens from it; nobody signs in with a password.';
    acknowledge(pool, 'COG2', noUsers);
    acknowledge(pool, 'COG8', noUsers);
    return pool;
  }

  #resourceServer(pool: UserPool): UserPoolResourceServer {
    const server = pool.addResourceServer('Api', {
      identifier: resourceServer,
      scopes: serverScopes,
    });
    pinLogicalId(server, 'ResourceServer');
    return server;
  }

  #machineClient(pool: UserPool, server: UserPoolResourceServer): UserPoolClient {
    const client = pool.addClient('Machine', {
      generateSecret: true,
      accessTokenValidity: Duration.hours(1),
      oAuth: {
        flows: { clientCredentials: true },
        scopes: serverScopes.map((scope) => OAuthScope.resourceServer(server, scope)),
      },
    });
    pinLogicalId(client, 'MachineClient');
    return client;
  }
}
