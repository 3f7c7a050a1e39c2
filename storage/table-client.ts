import {
  type AttributeValue,
  BatchWriteItemCommand,
  DynamoDBClient,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { StorageUnavailableError, storing } from './errors.ts';

export type TableClient = DynamoDBDocumentClient;

export function createTableClient(): TableClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } });
}

/** Items that are written by the thousand are flat. */
type FlatItem = Readonly<Record<string, string | number | boolean>>;
type FlatWrite =
  | { readonly PutRequest: { readonly Item: FlatItem } }
  | { readonly DeleteRequest: { readonly Key: FlatItem } };

/** BatchWriteItem takes at most this many requests. */
const maxBatchRequests = 25;
const concurrentBatches = 8;
const maxAttempts = 8;

/** Writes all requests in batches of 25, several at a time; what the table leaves unprocessed is sent again, later and later. */
export async function writeAll(client: TableClient, table: string, writes: readonly FlatWrite[]): Promise<void> {
  const requests = writes.map(writeRequest);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < requests.length) {
      const start = next;
      next += maxBatchRequests;
      await writeBatch(client, table, requests.slice(start, start + maxBatchRequests));
    }
  };
  await Promise.all(Array.from({ length: concurrentBatches }, worker));
}

async function writeBatch(client: TableClient, table: string, batch: readonly WriteRequest[]): Promise<void> {
  let pending = [...batch];
  for (let attempt = 0; pending.length > 0; attempt += 1) {
    if (attempt === maxAttempts) {
      throw new StorageUnavailableError(
        `table ${table} left ${pending.length} of ${batch.length} writes unprocessed after ${maxAttempts} attempts`,
      );
    }
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    const requests = pending;
    const answer = await storing(`a batch of table ${table}`, () =>
      // The plain command through the same client: the document client's general marshalling costs more than the write.
      (client as unknown as DynamoDBClient).send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } })),
    );
    pending = answer.UnprocessedItems?.[table] ?? [];
  }
}

function writeRequest(write: FlatWrite): WriteRequest {
  return 'PutRequest' in write
    ? { PutRequest: { Item: attributes(write.PutRequest.Item) } }
    : { DeleteRequest: { Key: attributes(write.DeleteRequest.Key) } };
}

function attributes(item: FlatItem): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, attributeValue(value)]));
}

function attributeValue(value: string | number | boolean): AttributeValue {
  if (typeof value === 'string') return { S: value };
  return typeof value === 'number' ? { N: String(value) } : { BOOL: value };
}
