import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Every access key of the cloud: one for its owner, one for each role of the template. */
export interface Credentials {
  /** Whoever started the cloud; may do everything. */
  readonly owner: AccessKey;
  /** The key of a role, by its ARN; the same at every call. */
  of(roleArn: string): AccessKey;
  lookupSecret(accessKeyId: string): { readonly secretAccessKey: string } | undefined;
  /** ARN of whose key it is; the key must be one that `lookupSecret` finds. */
  principalOf(accessKeyId: string): string;
  /** Every key given out so far. */
  all(): readonly HeldKey[];
}

export interface HeldKey extends AccessKey {
  /** `ownerArn`, or the ARN of a role. */
  readonly principal: string;
}

/** Whoever started the cloud. */
export const ownerArn = 'arn:aws:iam::000000000000:root';

/**
 * Keys are derived from one secret in the data folder, so that they outlive a restart.
 * @param randomByteSource makes the secret when the folder has none
 */
export async function loadCredentials(
  dataFolder: string,
  randomByteSource: (count: number) => Buffer = randomBytes,
): Promise<Credentials> {
  const secret = await readOrCreate(join(dataFolder, 'keys'), 'access-key-secret', () =>
    randomByteSource(32).toString('hex'),
  );
  const keys = new Map<string, HeldKey>();
  const of = (arn: string): AccessKey => {
    const digest = (purpose: string) => createHmac('sha256', secret).update(`${purpose} ${arn}`).digest();
    const accessKeyId = `AKIA${digest('id').toString('hex').slice(0, 16).toUpperCase()}`;
    const secretAccessKey = digest('secret').toString('base64url').slice(0, 40);
    keys.set(accessKeyId, { accessKeyId, secretAccessKey, principal: arn });
    return { accessKeyId, secretAccessKey };
  };
  return {
    owner: of(ownerArn),
    of,
    lookupSecret: (accessKeyId) => keys.get(accessKeyId),
    principalOf: (accessKeyId) => keys.get(accessKeyId)!.principal,
    all: () => [...keys.values()],
  };
}

/** Reads a small secret file, or writes it for its owner's eyes only. */
export async function readOrCreate(
  folder: string,
  name: string,
  create: () => string | Promise<string>,
): Promise<string> {
  const path = join(folder, name);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await mkdir(folder, { recursive: true });
  const content = await create();
  // Whole or not at all: half a key, left by a process that was killed, would stop every start after it.
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return content;
}
