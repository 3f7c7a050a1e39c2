import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { StorageUnavailableError, storing } from './errors.ts';

export type TableClient = DynamoDBDocumentClient;

export function createTableClient(): TableClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } });
}

type WriteRequest =
  | { readonly PutRequest: { readonly Item: Record<string, unknown> } }
  | { readonly DeleteRequest: { readonly Key: Record<string, unknown> } };

/** BatchWriteItem takes at most this many requests. */
const maxBatchRequests = 25;
const concurrentBatches = 8;
const maxAttempts = 8;

/** Writes all requests in batches of 25, several at a time; what the table leaves unprocessed is sent again, later and later. */
export async function writeAll(client: TableClient, table: string, requests: readonly WriteRequest[]): Promise<void> {
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
  let pending = batch as WriteRequest[];
  for (let attempt = 0; pending.length > 0; attempt += 1) {
    if (attempt === maxAttempts) {
      throw new StorageUnavailableError(
        `table ${table} left ${pending.length} of ${batch.length} writes unprocessed after ${maxAttempts} attempts`,
      );
    }
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    const requests = pending;
    const answer = await storing(`a batch of table ${table}`, () =>
      client.send(new BatchWriteCommand({ RequestItems: { [table]: requests } })),
    );
    pending = (answer.UnprocessedItems?.[table] ?? []) as WriteRequest[];
  }
}
