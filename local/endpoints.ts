import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the cloud is and how to get in: enough for any AWS client. */
export interface Endpoints {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The bucket that files are dropped into, under `inbox/`. */
  readonly bucket: string;
  readonly s3: string;
  readonly dynamodb: string;
  readonly stepFunctions: string;
  readonly sagemakerRuntime: string;
  readonly eventBridge: string;
  readonly secretsManager: string;
  /** The HTTP API. */
  readonly api: string;
  /** Bearer tokens for the HTTP API. */
  readonly tokens: { readonly reader: string; readonly writer: string; readonly admin: string };
  /** `customers`, `registry`, … -> table name. */
  readonly tables: Readonly<Record<string, string>>;
  /** `segmentRun`, `quiet` -> ARN. */
  readonly stateMachines: Readonly<Record<string, string>>;
}

const FILE = 'endpoints.json';

/** Writes `endpoints.json`, whole or not at all: whoever finds it finds a cloud that answers. */
export async function writeEndpoints(dataFolder: string, endpoints: Endpoints): Promise<void> {
  const path = join(dataFolder, FILE);
  await writeFile(`${path}.new`, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export async function removeEndpoints(dataFolder: string): Promise<void> {
  await rm(join(dataFolder, FILE), { force: true });
}
