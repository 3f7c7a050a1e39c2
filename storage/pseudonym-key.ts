import { CorruptRecordError, storing } from './errors.ts';
import { JsonService } from './json-service.ts';
import { accessFromEnvironment, type ServiceAccess } from './signed-service.ts';

/** The HMAC key of the pseudonyms. Fetched once per process; never logged, never written anywhere. */
export async function readPseudonymKey(
  secretArn: string,
  access: ServiceAccess = accessFromEnvironment('SECRETS_MANAGER', 'secretsmanager'),
): Promise<Uint8Array> {
  const secrets = new JsonService('secretsmanager', 'secretsmanager', '1.1', access);
  const { SecretString: key } = await storing('the pseudonym key', () =>
    secrets.call('GetSecretValue', { SecretId: secretArn }),
  );
  secrets.close();
  if (typeof key !== 'string' || key === '') {
    throw new CorruptRecordError(
      'the pseudonym key in Secrets Manager is empty: restore the secret, do not replace it',
    );
  }
  return Buffer.from(key, 'utf8');
}
