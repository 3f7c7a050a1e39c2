import { createHash } from 'node:crypto';
import { ServiceError } from '../aws-json-server.ts';
import { readOrCreate } from '../credentials.ts';
import type { CloudResource } from '../template/resolved-template.ts';
import { type GenerateSecretString, generateSecretString } from './generated-secret.ts';

interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly value: string;
}

/** The template's secrets: made once, then kept in the data folder. */
export class Secrets {
  readonly #secrets = new Map<string, Secret>();

  private constructor(secrets: readonly Secret[]) {
    for (const secret of secrets) {
      this.#secrets.set(secret.arn, secret);
      this.#secrets.set(secret.name, secret);
    }
  }

  static async open(
    folder: string,
    resources: readonly CloudResource[],
    randomIndex: (below: number) => number,
  ): Promise<Secrets> {
    const secrets: Secret[] = [];
    for (const { type, ref: arn, properties } of resources) {
      if (type !== 'AWS::SecretsManager::Secret') continue;
      const name = arn.split(':').slice(6).join(':').slice(0, -7);
      const { SecretString, GenerateSecretString } = properties;
      const value = await readOrCreate(folder, createHash('sha256').update(arn).digest('hex').slice(0, 32), () =>
        typeof SecretString === 'string'
          ? SecretString
          : generateSecretString((GenerateSecretString ?? {}) as GenerateSecretString, randomIndex),
      );
      secrets.push({ arn, name, value });
    }
    return new Secrets(secrets);
  }

  /** The ARN of a secret that is asked for by ARN or name; undefined where there is none. */
  arnOf(secretId: unknown): string | undefined {
    return this.#secrets.get(String(secretId))?.arn;
  }

  /** GetSecretValue (Secrets Manager API reference), of the current version, which is the only one. */
  getSecretValue(input: Record<string, unknown>): object {
    const { SecretId, VersionStage = 'AWSCURRENT' } = input;
    const secret = this.#secrets.get(String(SecretId));
    if (secret === undefined || VersionStage !== 'AWSCURRENT') {
      throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return {
      ARN: secret.arn,
      Name: secret.name,
      SecretString: secret.value,
      VersionId: createHash('sha256')
        .update(secret.arn)
        .digest('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
      VersionStages: ['AWSCURRENT'],
    };
  }
}
