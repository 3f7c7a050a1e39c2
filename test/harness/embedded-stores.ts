import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import type { S3Event } from '../../local/s3/events.ts';
import { startS3 } from '../../local/s3/server.ts';
import { CustomerRowsTable } from '../../storage/customer-rows-table.ts';
import { IdentitiesTable } from '../../storage/identities-table.ts';
import { ModelJobsTable } from '../../storage/model-jobs-table.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { RunLease } from '../../storage/run-lease.ts';
import { TableClient } from '../../storage/table-client.ts';

export const region = 'us-east-1';
export const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret-of-the-test' };

const bucket = 'data';
/** Name, partition key and sort key of each table, as `infra/stacks/data-stack.ts` declares them. */
const tableKeys = [
  ['Customers', 'customer S', 'runSeq N'],
  ['Registry', 'pk S', 'sk S'],
  ['Identities', 'bucket S', 'importId S'],
  ['ModelJobs', 'inferenceId S'],
] as const;
type TableName = (typeof tableKeys)[number][0];

/** Where the steps read and write: the embedded S3 and dynalite, as on a laptop. */
export interface EmbeddedStores {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
  /** No execution goes on between the steps that tests call by themselves. */
  readonly lease: RunLease;
  readonly rows: CustomerRowsTable;
  readonly identities: IdentitiesTable;
  readonly modelJobs: ModelJobsTable;
  /** Every change to an object since the start. */
  readonly events: readonly S3Event[];
  /** Milliseconds since 1970: the time of the stores, which is given to the steps as well. */
  nowMs(): number;
  /** Moves the stores' time on. S3 tells times in whole seconds. */
  advance(durationMs: number): void;
  /** All items of a table, in no particular order. */
  items(table: TableName): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Signed requests may be this far off the server's clock, so tests move it by less. */
const maxAdvanceMs = 14 * 60_000;

/** Starts a new, empty set of stores: a versioned bucket in a temporary folder, tables in memory. */
export async function startEmbeddedStores(lakePartitions: number): Promise<EmbeddedStores> {
  const folder = await mkdtemp(join(tmpdir(), 'kindred-test-'));
  let aheadMs = 0;
  const nowMs = () => Date.now() + aheadMs;
  const events: S3Event[] = [];
  const s3 = await startS3({
    dataDir: folder,
    port: 0,
    buckets: [{ name: bucket, versioned: true }],
    credentials: new Map([[credentials.accessKeyId, credentials]]),
    clock: nowMs,
    onEvent: (event) => events.push(event),
  });
  const dynamodb = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve) => {
    dynamodb.listen(0, '127.0.0.1', resolve);
  });
  const { port } = dynamodb.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const tables = new DynamoDBClient({ region, credentials, endpoint });
  await Promise.all(tableKeys.map((keys) => createTable(tables, keys)));
  const client = new TableClient({ region, credentials, endpoint });
  const objects = new ObjectStore(bucket, { region, credentials, endpoint: s3.url });
  const registry = new RegistryTable('Registry', client);
  return {
    objects,
    registry,
    lease: new RunLease(registry, async () => 'ended', nowMs),
    rows: new CustomerRowsTable('Customers', client),
    identities: new IdentitiesTable('Identities', lakePartitions, client),
    modelJobs: new ModelJobsTable('ModelJobs', client),
    events,
    nowMs,
    advance(durationMs) {
      aheadMs += durationMs;
      if (aheadMs > maxAdvanceMs)
        throw new Error(`The stores' time is ${aheadMs} ms ahead; S3 would refuse signatures.`);
    },
    items: async (table) =>
      (await DynamoDBDocumentClient.from(tables).send(new ScanCommand({ TableName: table }))).Items ?? [],
    async close() {
      objects.close();
      tables.destroy();
      client.close();
      await Promise.all([s3.close(), closed(dynamodb)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function createTable(client: DynamoDBClient, [name, ...keys]: (typeof tableKeys)[number]): Promise<void> {
  const attributes = keys.map((key) => key.split(' ') as [string, 'S' | 'N']);
  await client.send(
    new CreateTableCommand({
      TableName: name,
      AttributeDefinitions: attributes.map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
      KeySchema: attributes.map(([AttributeName], i) => ({ AttributeName, KeyType: i === 0 ? 'HASH' : 'RANGE' })),
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
