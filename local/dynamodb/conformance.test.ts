import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * The documented behaviour of DynamoDB as far as Kindred relies on it (API Reference of each operation), asked through the AWS SDK. By
 * default of dynalite, the embedded cloud's DynamoDB; with REMOTE=1 of the real one (or of whatever AWS_ENDPOINT_URL_DYNAMODB names),
 * in a table of its own that is deleted at the end.
 */
const remote = process.env['REMOTE'] === '1';
const TableName = `kindred-conformance-${randomUUID()}`;

let server: Server | undefined;
let client: DynamoDBClient;

beforeAll(async () => {
  if (!remote) {
    server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  }
  client = new DynamoDBClient({
    maxAttempts: 1,
    ...(server === undefined
      ? {}
      : {
          endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          region: 'eu-west-1',
          credentials: { accessKeyId: 'AKOWNER', secretAccessKey: 'secret' },
        }),
  });
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [
        { AttributeName: 'customer', AttributeType: 'S' },
        { AttributeName: 'runSeq', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'customer', KeyType: 'HASH' },
        { AttributeName: 'runSeq', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName });
});

afterAll(async () => {
  await client.send(new DeleteTableCommand({ TableName }));
  client.destroy();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
});

const keyOf = (customer: string, runSeq: number) => ({ customer: { S: customer }, runSeq: { N: String(runSeq) } });
const put = (customer: string, runSeq: number, more = {}) =>
  client.send(new PutItemCommand({ TableName, Item: { ...keyOf(customer, runSeq), ...more } }));
const get = async (customer: string, runSeq: number) =>
  (await client.send(new GetItemCommand({ TableName, Key: keyOf(customer, runSeq), ConsistentRead: true }))).Item;

async function errorNameOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
  } catch (error) {
    return (error as Error).name;
  }
  throw new Error('expected a refusal');
}

describe('a table', () => {
  it('is described with its keys and its billing', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      KeySchema: [
        { AttributeName: 'customer', KeyType: 'HASH' },
        { AttributeName: 'runSeq', KeyType: 'RANGE' },
      ],
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    });
  });

  it('that is not there is said so', async () => {
    const asked = client.send(new GetItemCommand({ TableName: 'kindred-no-such-table', Key: keyOf('a', 1) }));
    expect(await errorNameOf(asked)).toBe('ResourceNotFoundException');
  });
});

describe('items', () => {
  it('keep every type of attribute', async () => {
    const attributes = {
      text: { S: '漢字 😀 "quoted"\n' },
      empty: { S: '' },
      number: { N: '-1234567890.1234567890123456789012345678' },
      yes: { BOOL: true },
      nothing: { NULL: true },
      bytes: { B: Uint8Array.of(0, 255, 128) },
      list: { L: [{ N: '1' }, { M: { deep: { S: 'x' } } }] },
      names: { SS: ['a', 'b'] },
    } as const;
    await put('types', 1, attributes);
    const { names, ...others } = (await get('types', 1)) ?? {};
    const { names: wanted, ...wantedOthers } = attributes;
    expect(others).toEqual({ ...keyOf('types', 1), ...wantedOthers });
    expect(new Set(names?.SS)).toEqual(new Set(wanted.SS));
  });

  it('need their whole key, of the right type', async () => {
    const half = client.send(new PutItemCommand({ TableName, Item: { customer: { S: 'half' } } }));
    expect(await errorNameOf(half)).toBe('ValidationException');
    const text = client.send(new PutItemCommand({ TableName, Item: { customer: { S: 'text' }, runSeq: { S: '1' } } }));
    expect(await errorNameOf(text)).toBe('ValidationException');
    const emptyKey = client.send(new PutItemCommand({ TableName, Item: keyOf('', 1) }));
    expect(await errorNameOf(emptyKey)).toBe('ValidationException');
  });

  it('of more than 400 KB are refused', async () => {
    expect(await errorNameOf(put('large', 1, { row: { S: 'x'.repeat(400 * 1024) } }))).toBe('ValidationException');
    await put('large', 2, { row: { S: 'x'.repeat(399 * 1024) } });
    expect((await get('large', 2))?.['row']?.S).toHaveLength(399 * 1024);
  });

  it('are deleted, once or twice', async () => {
    await put('deleted', 1);
    const remove = () =>
      client.send(new DeleteItemCommand({ TableName, Key: keyOf('deleted', 1), ReturnValues: 'ALL_OLD' }));
    expect((await remove()).Attributes).toEqual(keyOf('deleted', 1));
    expect((await remove()).Attributes).toBeUndefined();
    expect(await get('deleted', 1)).toBeUndefined();
  });
});

describe('conditions', () => {
  const create = (customer: string, who: string) =>
    client.send(
      new PutItemCommand({
        TableName,
        Item: { ...keyOf(customer, 1), who: { S: who } },
        ConditionExpression: 'attribute_not_exists(customer)',
      }),
    );

  it('attribute_not_exists creates and never overwrites', async () => {
    await create('created', 'first');
    expect(await errorNameOf(create('created', 'second'))).toBe('ConditionalCheckFailedException');
    expect((await get('created', 1))?.['who']).toEqual({ S: 'first' });
  });

  it('let one of concurrent creators win', async () => {
    const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((who) => create('raced', who)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('compare numbers as numbers', async () => {
    await put('pointer', 1, { live: { N: '9' } });
    const promote = (from: number, to: number) =>
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: keyOf('pointer', 1),
          UpdateExpression: 'SET live = :to',
          ConditionExpression: 'live = :from AND :to > live',
          ExpressionAttributeValues: { ':from': { N: String(from) }, ':to': { N: String(to) } },
        }),
      );
    expect(await errorNameOf(promote(8, 10))).toBe('ConditionalCheckFailedException');
    await promote(9, 10);
    expect(await errorNameOf(promote(10, 9))).toBe('ConditionalCheckFailedException');
    expect((await get('pointer', 1))?.['live']).toEqual({ N: '10' });
  });

  it('give the item that stands in the way on request', async () => {
    const refused = await client
      .send(
        new PutItemCommand({
          TableName,
          Item: keyOf('pointer', 1),
          ConditionExpression: 'attribute_not_exists(customer)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      )
      .catch((error: { name: string; Item?: unknown }) => error);
    expect(refused).toMatchObject({ name: 'ConditionalCheckFailedException' });
  });
});

describe('updates', () => {
  const update = (UpdateExpression: string, values: Record<string, { N: string }> | undefined, more = {}) =>
    client.send(
      new UpdateItemCommand({
        TableName,
        Key: keyOf('updated', 1),
        UpdateExpression,
        ...(values ? { ExpressionAttributeValues: values } : {}),
        ReturnValues: 'ALL_NEW',
        ...more,
      }),
    );

  it('create what is missing, count, set defaults and remove', async () => {
    expect((await update('ADD runs :one', { ':one': { N: '1' } })).Attributes?.['runs']).toEqual({ N: '1' });
    expect((await update('ADD runs :one', { ':one': { N: '1' } })).Attributes?.['runs']).toEqual({ N: '2' });
    const set = await update('SET seen = if_not_exists(seen, :zero) + :one', {
      ':zero': { N: '0' },
      ':one': { N: '1' },
    });
    expect(set.Attributes?.['seen']).toEqual({ N: '1' });
    expect((await update('REMOVE seen', undefined)).Attributes).toEqual({ ...keyOf('updated', 1), runs: { N: '2' } });
  });

  it('refuse reserved words, which placeholders stand for', async () => {
    expect(await errorNameOf(update('SET bucket = :one', { ':one': { N: '1' } }))).toBe('ValidationException');
    const named = await update(
      'SET #bucket = :one',
      { ':one': { N: '1' } },
      {
        ExpressionAttributeNames: { '#bucket': 'bucket' },
      },
    );
    expect(named.Attributes?.['bucket']).toEqual({ N: '1' });
  });

  it('refuse placeholders that are not used', async () => {
    expect(await errorNameOf(update('SET runs = :one', { ':one': { N: '1' }, ':two': { N: '2' } }))).toBe(
      'ValidationException',
    );
  });
});

describe('Query', () => {
  beforeAll(async () => {
    for (const runSeq of [1, 2, 9, 10, 100]) await put('queried', runSeq, { pad: { S: 'x'.repeat(10) } });
  });

  const query = (more = {}) =>
    client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'customer = :customer AND runSeq <= :live',
        ExpressionAttributeValues: { ':customer': { S: 'queried' }, ':live': { N: '10' } },
        ...more,
      }),
    );
  const seqs = (items: Awaited<ReturnType<typeof query>>['Items']) => items?.map(({ runSeq }) => Number(runSeq?.N));

  it('sorts numbers as numbers, up or down', async () => {
    expect(seqs((await query()).Items)).toEqual([1, 2, 9, 10]);
    expect(seqs((await query({ ScanIndexForward: false })).Items)).toEqual([10, 9, 2, 1]);
  });

  it('finds the newest row that is not newer than the live run in one item', async () => {
    const page = await query({ ScanIndexForward: false, Limit: 1 });
    expect(seqs(page.Items)).toEqual([10]);
    expect(page.LastEvaluatedKey).toEqual(keyOf('queried', 10));
  });

  it('goes on where a page ended', async () => {
    const first = await query({ Limit: 3 });
    const second = await query({ Limit: 3, ExclusiveStartKey: first.LastEvaluatedKey });
    expect([seqs(first.Items), seqs(second.Items), second.LastEvaluatedKey]).toEqual([[1, 2, 9], [10], undefined]);
  });

  it('projects and counts', async () => {
    expect((await query({ ProjectionExpression: 'runSeq', Limit: 1 })).Items).toEqual([{ runSeq: { N: '1' } }]);
    expect(await query({ Select: 'COUNT' })).toMatchObject({ Count: 4, ScannedCount: 4 });
  });

  it('gives 1.4 MB in several pages', async () => {
    for (let runSeq = 1; runSeq <= 4; runSeq += 1) await put('wide', runSeq, { pad: { S: 'x'.repeat(350 * 1024) } });
    const wide = (more = {}) =>
      query({ ExpressionAttributeValues: { ':customer': { S: 'wide' }, ':live': { N: '10' } }, ...more });
    const first = await wide();
    const rest = await wide({ ExclusiveStartKey: first.LastEvaluatedKey });
    expect([...(seqs(first.Items) ?? []), ...(seqs(rest.Items) ?? [])]).toEqual([1, 2, 3, 4]);
    expect([first.LastEvaluatedKey === undefined, rest.LastEvaluatedKey]).toEqual([false, undefined]);
  });
});

describe('batches', () => {
  const write = (count: number, customer: string) =>
    client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [TableName]: Array.from({ length: count }, (_, at) => ({ PutRequest: { Item: keyOf(customer, at) } })),
        },
      }),
    );

  it('write 25 items, not 26', async () => {
    expect((await write(25, 'batched')).UnprocessedItems).toEqual({});
    expect(await errorNameOf(write(26, 'batched'))).toBe('ValidationException');
  });

  it('refuse one key twice', async () => {
    const twice = [keyOf('twice', 1), keyOf('twice', 1)].map((Item) => ({ PutRequest: { Item } }));
    const asked = client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: twice } }));
    expect(await errorNameOf(asked)).toBe('ValidationException');
  });

  it('read 100 keys, and say nothing of what is not there', async () => {
    const read = (count: number) =>
      client.send(
        new BatchGetItemCommand({
          RequestItems: { [TableName]: { Keys: Array.from({ length: count }, (_, at) => keyOf('batched', at)) } },
        }),
      );
    const { Responses, UnprocessedKeys } = await read(100);
    const found = Responses?.[TableName]?.map(({ runSeq }) => Number(runSeq?.N)).sort((a, b) => a - b);
    expect([found, UnprocessedKeys]).toEqual([Array.from({ length: 25 }, (_, at) => at), {}]);
    expect(await errorNameOf(read(101))).toBe('ValidationException');
  });
});
