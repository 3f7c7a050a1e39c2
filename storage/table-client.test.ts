import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TableClient, writeAll } from './table-client.ts';

/** Against a server that speaks just enough of DynamoDB's BatchWriteItem to leave writes unprocessed. */

type Request = { readonly PutRequest: { readonly Item: { readonly id: { readonly N: string } } } };

/** How many requests of a batch, the last ones, are left unprocessed, by the number of the call. */
let leftOver: (call: number) => number;
let batches: Request[][];
let server: Server;
let client: TableClient;

beforeEach(async () => {
  batches = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { RequestItems } = JSON.parse(Buffer.concat(chunks).toString()) as { RequestItems: { T: Request[] } };
    batches.push(RequestItems.T);
    const left = leftOver(batches.length);
    const unprocessed = left === 0 ? {} : { T: RequestItems.T.slice(-left) };
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(JSON.stringify({ UnprocessedItems: unprocessed }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1', credentials, endpoint }));
});
afterEach(() => {
  client.destroy();
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const puts = (count: number) => Array.from({ length: count }, (_, id) => ({ PutRequest: { Item: { id } } }));
const idsOf = (batch: readonly Request[]) => batch.map(({ PutRequest }) => Number(PutRequest.Item.id.N));

describe('writes', () => {
  test('go in batches of 25, the limit of BatchWriteItem, each write once', async () => {
    leftOver = () => 0;
    await writeAll(client, 'T', puts(60));
    expect(batches.map(({ length }) => length).sort((a, b) => b - a)).toEqual([25, 25, 10]);
    expect(batches.flatMap(idsOf).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, id) => id));
  });

  test('that are left unprocessed are sent again, and those alone', async () => {
    leftOver = (call) => ({ 1: 3, 2: 1 })[call] ?? 0;
    await writeAll(client, 'T', puts(10));
    expect(batches.map(idsOf)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [7, 8, 9], [9]]);
  });

  test('of nothing make no call', async () => {
    await writeAll(client, 'T', []);
    expect(batches).toEqual([]);
  });
});
