import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CorruptRecordError, storing } from './errors.ts';

/** The HMAC key of the pseudonyms. Fetched once per process; never logged, never written anywhere. */
export async function readPseudonymKey(
  secretArn: string,
  client: SecretsManagerClient = new SecretsManagerClient({}),
): Promise<Uint8Array> {
  const secret = await storing('the pseudonym key', () =>
    client.send(new GetSecretValueCommand({ SecretId: secretArn })),
  );
  if (!secret.SecretString) {
    throw new CorruptRecordError(
      'the pseudonym key in Secrets Manager is empty: restore the secret, do not replace it',
    );
  }
  return Buffer.from(secret.SecretString, 'utf8');
}
