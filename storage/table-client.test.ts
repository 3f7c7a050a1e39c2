import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ScriptedService, startScriptedService } from '../test/harness/scripted-service.ts';
import { AlreadyStoredError, StorageUnavailableError } from './errors.ts';
import { TableClient } from './table-client.ts';

/** Against a server that answers what a test tells it to; the wire form is that of the DynamoDB API reference. */

let service: ScriptedService;
let client: TableClient;

beforeEach(async () => {
  service = await startScriptedService('dynamodb');
  client = new TableClient(service.access);
});
afterEach(async () => {
  client.close();
  await service.close();
});

type Batch = readonly { readonly PutRequest: { readonly Item: { readonly id: { readonly N: string } } } }[];

/** The batches that arrived, and an answer that leaves the last `leftOver(call)` requests of each unprocessed. */
function takeBatches(leftOver: (call: number) => number): number[][] {
  const batches: number[][] = [];
  service.answer = ({ body }) => {
    const batch = (JSON.parse(body) as { RequestItems: { T: Batch } }).RequestItems.T;
    batches.push(batch.map(({ PutRequest }) => Number(PutRequest.Item.id.N)));
    const left = leftOver(batches.length);
    return { status: 200, body: { UnprocessedItems: left === 0 ? {} : { T: batch.slice(-left) } } };
  };
  return batches;
}

const puts = (count: number) => Array.from({ length: count }, (_, id) => ({ PutRequest: { Item: { id } } }));

describe('writes', () => {
  test('go in batches of 25, the limit of BatchWriteItem, each write once', async () => {
    const batches = takeBatches(() => 0);
    await client.writeAll('T', puts(60));
    expect(batches.map(({ length }) => length).sort((a, b) => b - a)).toEqual([25, 25, 10]);
    expect(batches.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, id) => id));
  });

  test('that are left unprocessed are sent again, and those alone', async () => {
    const batches = takeBatches((call) => ({ 1: 3, 2: 1 })[call] ?? 0);
    await client.writeAll('T', puts(10));
    expect(batches).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [7, 8, 9], [9]]);
  });

  test('of nothing make no call', async () => {
    const batches = takeBatches(() => 0);
    await client.writeAll('T', []);
    expect(batches).toEqual([]);
  });
});

describe('a call', () => {
  test('is a POST of AWS JSON 1.0 with typed attribute values, and gives plain values back', async () => {
    service.answer = () => ({
      status: 200,
      body: { Item: { pk: { S: 'a' }, n: { N: '1.5' }, l: { L: [{ NULL: true }] } } },
    });
    const item = await client.get('an item', { TableName: 'T', Key: { pk: 'a', sk: 7 } });
    expect(item).toEqual({ pk: 'a', n: 1.5, l: [null] });
    const [request] = service.requests;
    expect(request).toMatchObject({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.GetItem' },
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      TableName: 'T',
      Key: { pk: { S: 'a' }, sk: { N: '7' } },
      ConsistentRead: true,
    });
  });

  test('that finds another writer first is AlreadyStoredError, tried once', async () => {
    const __type = 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException';
    service.answer = () => ({ status: 400, body: { __type, message: 'The conditional request failed' } });
    const put = client.put('an item', { TableName: 'T', Item: { pk: 'a' } });
    await expect(put).rejects.toBeInstanceOf(AlreadyStoredError);
    expect(service.requests.length).toBe(1);
  });

  test('that is refused for good keeps the name and the words of the service', async () => {
    const __type = 'com.amazon.coral.service#AccessDeniedException';
    service.answer = () => ({ status: 400, body: { __type, Message: 'User: u is not authorized' } });
    const get = client.get('an item', { TableName: 'T', Key: { pk: 'a' } });
    await expect(get).rejects.toMatchObject({ name: 'AccessDeniedException', message: 'User: u is not authorized' });
    expect(service.requests.length).toBe(1);
  });

  test.each([
    ['throttled', 400, 'ThrottlingException'],
    ['over its throughput', 400, 'ProvisionedThroughputExceededException'],
    ['out of order', 500, 'InternalServerError'],
  ])('to a table that is %s is tried again', async (_, status, __type) => {
    service.answer = (_request, attempt) => (attempt < 3 ? { status, body: { __type } } : { status: 200, body: {} });
    expect(await client.get('an item', { TableName: 'T', Key: { pk: 'a' } })).toBeUndefined();
    expect(service.requests.length).toBe(3);
  });

  test('that is throttled at all five attempts is StorageUnavailableError', async () => {
    service.answer = () => ({ status: 400, body: { __type: 'ThrottlingException' } });
    const get = client.get('an item', { TableName: 'T', Key: { pk: 'a' } });
    await expect(get).rejects.toBeInstanceOf(StorageUnavailableError);
    expect(service.requests.length).toBe(5);
  });

  test('whose connection is cut is tried again', async () => {
    service.answer = (_request, attempt) => (attempt === 1 ? 'cut' : { status: 200, body: {} });
    expect(await client.get('an item', { TableName: 'T', Key: { pk: 'a' } })).toBeUndefined();
  });

  test('asks for page after page', async () => {
    service.answer = (_request, attempt) => ({
      status: 200,
      body: {
        Items: [{ n: { N: String(attempt) } }],
        ...(attempt < 3 && { LastEvaluatedKey: { n: { N: String(attempt) } } }),
      },
    });
    const items = await client.queryAll('items', { TableName: 'T', KeyConditionExpression: 'pk = :pk' });
    expect(items).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(service.requests.map(({ body }) => JSON.parse(body).ExclusiveStartKey)).toEqual([
      undefined,
      { n: { N: '1' } },
      { n: { N: '2' } },
    ]);
  });
});
