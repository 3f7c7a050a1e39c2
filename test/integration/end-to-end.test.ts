import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { InvokeEndpointAsyncCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { parse } from 'csv-parse/sync';
import createClient from 'openapi-fetch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type { paths } from '../../clients/kindred-api.d.ts';
import { classifyAnswer, customerSegmentAnswer, listMembersAnswer, listSegmentsAnswer } from '../../contracts/api.ts';
import { ApiClient } from '../../local/api-client.ts';
import { type Cloud, type CloudOptions, startCloud } from '../../local/cloud.ts';
import { type FileRun, runFiles } from '../../local/file-run.ts';
import type { Call } from '../../local/iam/access.ts';
import { accountPolicies } from '../../local/iam/account-policies.ts';
import { importLines } from '../../local/import-lines.ts';
import { loadAssembly } from '../../local/template/assembly.ts';
import { type ResolvedTemplate, resolveTemplate } from '../../local/template/resolved-template.ts';
import { adjustedRandIndex } from '../../segmentation/clustering/adjusted-rand-index.ts';
import { unneededGrants } from '../harness/grants.ts';
import {
  replayedAssembly,
  type TemplateResources,
  withoutActions,
  withoutResources,
} from '../harness/replayed-assembly.ts';
import { writeSample } from '../harness/sample-files.ts';
import { reasonFor, titleOf, unexercised } from '../harness/unexercised-grants.ts';

/**
 * The real bundles on the embedded cloud: files dropped, a run by itself, look-ups; then a second drop and a second run, and a third by hand;
 * own vectors; at last a run that fails for want of a permission, and one that makes it good. Every permission asked for is recorded.
 */

const buyers = 400;
const settings = { quietSeconds: 1, lakePartitions: 2, segments: 3 };
let folder: string;
let first: FileRun;
/** Each call once. */
const calls = new Map<string, Call>();
const record = (call: Call): void => void calls.set(JSON.stringify(call), call);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kindred-end-to-end-'));
  const files = await writeSample(folder, buyers);
  const broken = join(folder, 'broken.csv');
  await writeFile(broken, 'this,file,has\nnothing,we,know\n');
  first = await runFiles({
    files: [...files, broken],
    dataDir: join(folder, 'cloud'),
    settings: { ...settings, modelHosting: 'sagemaker' },
    seed: 1,
    log: () => {},
    onAuthorization: record,
    onCloudUp: () => {},
    onStages: () => () => {},
  });
});

afterAll(async () => {
  await first?.cloud.close();
  await rm(folder, { recursive: true, force: true });
});

test('the run goes live with every customer accounted for', () => {
  expect(first.run).toMatchObject({ status: 'LIVE', trigger: 'quiet', segments: 3 });
  expect((first.run.customers ?? 0) + (first.run.prospects ?? 0)).toBe(buyers + 5);
  expect(first.run.evaluation?.accuracy).toBeGreaterThan(0.8);
});

test('a bad file is reported by name and holds nobody up', () => {
  const broken = first.reports.find(({ file }) => file === 'inbox/broken.csv');
  expect(broken).toMatchObject({ status: 'rejected', problem: { code: 'UNKNOWN_COLUMNS' } });
  expect(broken?.problem?.message).toContain('"this", "file", "has"');
  expect(importLines(broken!)[0]).toMatch(/^✗ broken\.csv: UNKNOWN_COLUMNS: /);
  expect(first.reports.filter(({ status }) => status === 'accepted').map(({ file }) => file)).toEqual([
    'inbox/customers.csv',
    'inbox/products.csv',
    'inbox/sales.csv',
  ]);
});

test('cards count as many customers as can be listed, and no customer twice', async () => {
  const { api } = first;
  const listed = new Set<string>();
  for (const { segmentId, customers, name } of await api.segments()) {
    expect(name).toMatch(/\S/);
    let count = 0;
    for await (const { customerId } of api.members(segmentId)) {
      listed.add(customerId);
      count += 1;
    }
    expect(count).toBe(customers);
  }
  expect(listed.size).toBe(first.run.customers);
});

test("a look-up by the shop's own id answers the segment that lists the customer", async () => {
  const { api } = first;
  const [segment] = await api.segments();
  const { value: member } = await api.members(segment!.segmentId).next();
  const answer = await api.customerSegment(member!.customerId);
  expect(answer.segment).toEqual({ id: segment!.segmentId, name: segment!.name });
  expect(answer.confidence).toBe(member!.confidence);
  expect(answer.features.orders).toBeGreaterThan(0);
  expect(answer.features.recencyDays).toBeGreaterThanOrEqual(0);
});

test.each([
  ['no token', '/segments', undefined, 401],
  ['a token that was tampered with', '/segments', (token: string) => `${token.slice(0, -4)}AAAA`, 401],
  ['a customer that nobody knows', '/customers/nobody/segment', (token: string) => token, 404],
  ['a segment that is not there', '/segments/seg-99', (token: string) => token, 404],
  ['a limit out of range', '/segments/seg-1/members?limit=1000', (token: string) => token, 400],
])('%s is answered with its status', async (_, path, tokenOf, status) => {
  const { api, tokens } = first.cloud.endpoints;
  const headers = tokenOf ? { authorization: `Bearer ${tokenOf(tokens.reader)}` } : {};
  const answer = await fetch(`${api}${path}`, { headers: headers as Record<string, string> });
  expect(answer.status).toBe(status);
  if (status === 404 || status === 400) {
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ status, type: 'about:blank' });
  }
});

/** A client of the types that are given out, as an application makes one. */
function client(token: 'reader' | 'writer' | 'admin') {
  const { api, tokens } = first.cloud.endpoints;
  return createClient<paths>({ baseUrl: api, headers: { authorization: `Bearer ${tokens[token]}` } });
}

async function someMembers(limit: number): Promise<string[]> {
  const { data } = await client('reader').GET('/segments/{segmentId}/members', {
    params: { path: { segmentId: 'seg-1' }, query: { limit } },
  });
  return data!.data.map(({ customerId }) => customerId);
}

test('many customers are looked up at once, in their order, as each is alone', async () => {
  const [a, b] = (await someMembers(2)) as [string, string];
  const { data } = await client('reader').POST('/customers/segments:batchGet', {
    body: { customerIds: [b, 'nobody', a] },
  });
  expect(data?.notFound).toEqual(['nobody']);
  expect(data?.data.map(({ customerId }) => customerId)).toEqual([b, a]);
  const alone = await client('reader').GET('/customers/{customerId}/segment', { params: { path: { customerId: b } } });
  expect(alone.data).toMatchObject(data!.data[0]!);
});

test.each([
  ['an id too many', { customerIds: Array.from({ length: 101 }, (_, i) => `c${i}`) }],
  ['no id', { customerIds: [] }],
  ['a field that nobody knows', { customerIds: ['a'], customer: 'a' }],
])('a batch with %s is refused, and told what is wrong', async (_, body) => {
  const { response, error } = await client('reader').POST('/customers/segments:batchGet', { body: body as never });
  expect(response.status).toBe(400);
  expect(error).toMatchObject({ status: 400, detail: expect.stringMatching(/^body/) });
});

test('what is answered of a run is answered 304 to who has it, and HEAD as GET', async () => {
  const { api, tokens } = first.cloud.endpoints;
  const [customerId] = await someMembers(1);
  for (const path of ['/segments', '/segments/seg-1', '/segments/seg-1/members', `/customers/${customerId}/segment`]) {
    const headers = { authorization: `Bearer ${tokens.reader}` };
    const get = await fetch(api + path, { headers });
    const etag = get.headers.get('etag') ?? '';
    expect([path, get.status, etag]).toEqual([path, 200, 'W/"run-000001"']);
    const again = await fetch(api + path, { headers: { ...headers, 'if-none-match': etag } });
    expect([path, again.status, await again.text()]).toEqual([path, 304, '']);
    const head = await fetch(api + path, { method: 'HEAD', headers });
    expect([path, head.status, head.headers.get('etag'), await head.text()]).toEqual([path, 200, etag, '']);
  }
});

test('the API describes itself to anybody', async () => {
  const document = (await (await fetch(`${first.cloud.endpoints.api}/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, unknown>;
  };
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths)).toContain('/customers/{customerId}/segment');
});

async function membersOf(api: FileRun['api'], segmentId: string): Promise<object[]> {
  const members: object[] = [];
  for await (const member of api.members(segmentId)) members.push(member);
  return members;
}

/** Rows of a file of the sample as objects. */
async function rowsOf(name: string): Promise<Record<string, string>[]> {
  return parse(await readFile(join(folder, `${name}.csv`)), { columns: true });
}

async function classify(body: object, token = first.cloud.endpoints.tokens.writer) {
  const response = await fetch(`${first.cloud.endpoints.api}/customers:classify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

test("a customer told by their own lines of the files is placed as the run placed them, on the run's own vectors", async () => {
  const [customers, sales] = await Promise.all([rowsOf('customers'), rowsOf('sales')]);
  const bought = Map.groupBy(sales, (row) => row['customer_id']!);
  for (const row of customers.filter((one) => bought.has(one['customer_id']!)).slice(0, 12)) {
    const { customer_id, birthdate, state_province, city, country, ...others } = row;
    const { fname, lname, address1, phone1, date_accnt_opened, ...attributes } = others;
    const { status, answer } = await classify({
      attributes: { ...attributes, city, country, region: state_province, birthYear: Number(birthdate!.slice(0, 4)) },
      events: bought.get(customer_id!)!.map((line) => ({
        type: 'purchase',
        time: `${line['sale_date']}T00:00:00Z`,
        item: { id: line['product_id'] },
        quantity: Number(line['unit_sales']),
        amount: Number(line['store_sales']),
      })),
    });
    expect(status).toBe(200);
    const classified = classifyAnswer.parse(answer);
    const lookedUp = await first.api.customerSegment(customer_id!);
    const { recencyDays, tenureDays, ...features } = lookedUp.features;
    expect(classified.features).toEqual(features);
    expect(classified.featuresAsOf).toBe(lookedUp.featuresAsOf);
    // Look-ups answer with the cluster; the head agrees with it wherever it finds it likelier than all others together.
    expect(lookedUp.confidence).toBeGreaterThan(0.5);
    expect([classified.segment, classified.confidence, classified.alternatives]).toEqual([
      lookedUp.segment,
      lookedUp.confidence,
      lookedUp.alternatives,
    ]);
    expect(classified.embedding).toMatchObject({ embeddedTexts: 0, isExact: true });
    expect(classified.ignoredAttributes).toEqual(['postal_code']);
  }
});

test('a new customer is placed by texts that no run has seen', async () => {
  const { status, answer } = await classify({
    events: [
      { type: 'view', time: '1998-12-01T10:00:00Z', item: { id: 'not-known' } },
      {
        type: 'buy',
        time: '1998-12-02T10:00:00+02:00',
        item: { title: 'Organic lemonade', category: 'Drink > Juice' },
      },
      { type: 'review', time: '1998-12-03T10:00:00Z', rating: 5, text: 'Fresh, I liked it' },
    ],
  });
  expect(status).toBe(200);
  const { segment, confidence, alternatives, ...rest } = classifyAnswer.parse(answer);
  const probabilities = [confidence, ...alternatives.map(({ probability }) => probability)];
  expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
  // Three segments: the answer names them all.
  expect(probabilities.reduce((sum, probability) => sum + probability)).toBeCloseTo(1, 3);
  expect([segment.id, ...alternatives.map(({ id }) => id)].sort()).toEqual(
    (await first.api.segments()).map(({ segmentId }) => segmentId).sort(),
  );
  expect(rest).toMatchObject({
    features: { orders: 1, lines: 1, units: 1, reviews: 1, meanRating: 5, lastPurchaseAt: '1998-12-02T08:00:00.000Z' },
    embedding: { cachedTexts: 0, embeddedTexts: 2, isExact: true },
    itemsWithoutText: 1,
  });
  expect(rest.embedding.profileId).toBe(rest.embedding.runProfileId);
});

const view = { type: 'view', time: '1998-12-01T10:00:00Z', item: { id: '1' } };

test.each([
  ['no events', 400, { events: [] }],
  ['a field that is not documented', 400, { events: [{ ...view, colour: 'red' }] }],
  ['a time without an offset', 400, { events: [{ ...view, time: '1998-12-01' }] }],
  ['an event of the far future', 422, { events: [view, { ...view, time: '2999-01-01T00:00:00Z' }] }],
  [
    'more new text than can be embedded in time',
    413,
    { events: ['a', 'b', 'c', 'd', 'e'].map((letter) => ({ ...view, text: letter.repeat(9_000) })) },
  ],
])('%s cannot be classified: %i', async (_, expected, body) => {
  const { status, answer } = await classify(body);
  expect(status).toBe(expected);
  expect(answer).toMatchObject({ status: expected, type: 'about:blank', detail: expect.stringMatching(/\w/) });
});

test('to classify takes the scope for customers', async () => {
  expect((await classify({ events: [view] }, first.cloud.endpoints.tokens.reader)).status).toBe(403);
});

test('a Lambda function makes the same of the same files as the endpoint, to the byte', async () => {
  const inLambda = await runFiles({
    files: ['customers', 'products', 'sales'].map((name) => join(folder, `${name}.csv`)),
    dataDir: join(folder, 'lambda-cloud'),
    settings: { ...settings, modelHosting: 'lambda' },
    seed: 1,
    onAuthorization: record,
    log: () => {},
    onCloudUp: () => {},
    onStages: () => () => {},
  });
  try {
    const { run, api } = inLambda;
    expect([run.embedding?.host, first.run.embedding?.host]).toEqual(['lambda', 'sagemaker']);
    // The version holds the hash of the trained head.
    expect(run.evaluation).toEqual(first.run.evaluation);
    const segments = await api.segments();
    expect(segments).toEqual(await first.api.segments());
    const members = await Promise.all([api, first.api].map((one) => membersOf(one, segments[0]!.segmentId)));
    expect(members[0]).toEqual(members[1]);
  } finally {
    await inLambda.cloud.close();
  }
});

test('a second drop makes a second run, whose segments keep their ids', async () => {
  const { api, cloud } = first;
  const before = await api.segments();
  const s3 = new S3Client(cloud.clientConfig('s3'));
  const sales = await readFile(join(folder, 'sales.csv'), 'utf8');
  const [header, ...lines] = sales.trimEnd().split('\n');
  const fewer = [header, ...lines.slice(0, Math.floor(lines.length * 0.98))].join('\n');
  await s3.send(new PutObjectCommand({ Bucket: cloud.endpoints.bucket, Key: 'inbox/sales.csv', Body: fewer }));
  await expect.poll(async () => (await api.runs()).length, { timeout: 60_000, interval: 500 }).toBe(2);
  await expect.poll(async () => (await api.runs())[0]?.status, { timeout: 60_000, interval: 500 }).toBe('LIVE');
  const runs = await api.runs();
  expect(runs.map(({ status }) => status)).toEqual(['LIVE', 'SUPERSEDED']);
  const after = await api.segments();
  expect(after.map(({ segmentId }) => segmentId).sort()).toEqual(before.map(({ segmentId }) => segmentId).sort());
});

test('a run is started over HTTP, once per key; while it goes on no other does, and its options are its own', async () => {
  const { endpoints } = first.cloud;
  const runId = 'run-000003';
  const start = (token: 'reader' | 'admin', key: string, segments: number) =>
    client(token).POST('/runs', { params: { header: { 'Idempotency-Key': key } }, body: { segments } });
  expect((await start('reader', 'key-1', 4)).response.status).toBe(403);

  const started = await start('admin', 'key-1', 4);
  expect([started.response.status, started.response.headers.get('location')]).toEqual([202, `/runs/${runId}`]);
  expect((await start('admin', 'key-1', 4)).data).toEqual(started.data);
  expect((await start('admin', 'key-1', 5)).error).toMatchObject({ status: 422 });
  expect((await start('admin', 'key-2', 4)).error).toMatchObject({
    status: 409,
    detail: expect.stringContaining(runId),
  });

  const sfn = new SFNClient(first.cloud.clientConfig('stepFunctions'));
  const byHand = new StartExecutionCommand({ stateMachineArn: endpoints.stateMachines['segmentRun'], input: '{}' });
  const { executionArn } = await sfn.send(byHand);
  const statusOf = async () => (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status;
  await expect.poll(statusOf, { timeout: 60_000, interval: 200 }).toBe('FAILED');
  const { error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  expect(error).toBe('RunInProgressError');
  expect(cause).toContain(runId);

  const run = () => client('reader').GET('/runs/{runId}', { params: { path: { runId } } });
  await expect.poll(async () => (await run()).data?.status, { timeout: 60_000, interval: 500 }).toBe('LIVE');
  expect((await run()).data).toMatchObject({ trigger: 'api', options: { segments: 4 }, segments: 4 });
  expect((await first.api.runs()).map((one) => one.runId)).toEqual([runId, 'run-000002', 'run-000001']);
});

describe("a team's own vectors", () => {
  // 90 rows of three well separated blobs, written by numpy.save; the second column of the ids says which blob a row is of.
  const fixture = (name: string) => readFile(join(import.meta.dirname, '..', 'fixtures', name));
  let s3: S3Client;
  /** Blob by customer id. The customers of blob 0 are some of the shop's own. */
  const blobOf = new Map<string, number>();
  let matrix: Buffer;
  let ids: string;

  beforeAll(async () => {
    s3 = new S3Client(first.cloud.clientConfig('s3'));
    matrix = await fixture('blobs.npy');
    const [header, ...rows] = (await fixture('blobs.ids.csv')).toString('utf8').trimEnd().split('\n');
    const [segment] = await first.api.segments();
    const members = first.api.members(segment!.segmentId);
    for (const row of rows) {
      const [id, blob] = row.split(',') as [string, string];
      const customerId = blob === '0' ? (await members.next()).value!.customerId : id;
      blobOf.set(customerId, Number(blob));
    }
    ids = [header, ...[...blobOf].map(([id, blob]) => `${id},${blob}`), ''].join('\n');
  });

  const put = (name: string, body: string | Buffer) =>
    s3.send(new PutObjectCommand({ Bucket: first.cloud.endpoints.bucket, Key: `vectors-inbox/${name}`, Body: body }));
  const get = async (key: string): Promise<string> => {
    const object = await s3.send(new GetObjectCommand({ Bucket: first.cloud.endpoints.bucket, Key: key }));
    return Buffer.from(await object.Body!.transformToByteArray()).toString('latin1');
  };
  const newestLive = async (runs: number) => {
    await expect.poll(async () => (await first.api.runs()).length, { timeout: 60_000, interval: 200 }).toBe(runs);
    await expect.poll(async () => (await first.api.runs())[0]!.status, { timeout: 60_000, interval: 200 }).toBe('LIVE');
    return first.api.run((await first.api.runs())[0]!.runId);
  };

  test('become the live segments: the blobs, whose customers are found by their ids', async () => {
    const { api } = first;
    await put('blobs.ids.csv', ids);
    await put('blobs.npy', matrix);
    const run = await newestLive(4);
    expect(run).toMatchObject({ trigger: 'vectors', customers: 90, segments: 3, prospects: 0 });
    expect(run.clustering?.dims).toBe(6);
    // The routes read the live pointer anew every 5 s.
    const fromRun = async <T extends { readonly runId: string }>(path: string, answer: z.ZodType<T>): Promise<T> => {
      const answers: T[] = [];
      const ask = async () => {
        answers.push(await api.get(path, answer));
        return answers.at(-1)!.runId;
      };
      await expect.poll(ask, { timeout: 10_000 }).toBe(run.runId);
      return answers.at(-1)!;
    };
    const found: [blob: number, segment: number][] = [];
    const { data: segments } = await fromRun('/segments', listSegmentsAnswer);
    for (const [index, { segmentId, name, customers, revenue, summary }] of segments.entries()) {
      const { data: members } = await fromRun(`/segments/${segmentId}/members?limit=100`, listMembersAnswer);
      expect(members.length).toBe(customers);
      for (const { customerId } of members) found.push([blobOf.get(customerId)!, index]);
      const { customerId } = members[0]!;
      const member = await fromRun(`/customers/${customerId}/segment`, customerSegmentAnswer);
      expect(member.segment).toEqual({ id: segmentId, name });
      // The shop's files know the customers of blob 0 and nobody of the others.
      const isKnown = blobOf.get(customerId) === 0;
      expect([revenue > 0, member.features.orders > 0]).toEqual([isKnown, isKnown]);
      if (!isKnown) expect([name, summary]).toEqual([`Customers of ${segmentId}`, expect.stringMatching(/^33 % of/)]);
    }
    const columns = [0, 1].map((column) => Int32Array.from(found, (pair) => pair[column]!));
    expect(adjustedRandIndex(columns[0]!, columns[1]!)).toBe(1);
    expect(found.length).toBe(90);
  });

  test('that cannot be read are reported and start nothing; the same vectors again give the same assignments', async () => {
    const before = (await first.api.runs())[0]!.runId;
    await put('bad.npy', matrix.subarray(0, 1000));
    await put('bad.ids.csv', ids);
    await put('blobs.npy', matrix);
    await put('blobs.ids.csv', ids);
    const { runId } = await newestLive(5);
    for (const part of ['p0000', 'p0001']) {
      expect(await get(`runs/${runId}/labels/${part}.safetensors`)).toBe(
        await get(`runs/${before}/labels/${part}.safetensors`),
      );
      const customersOf = async (run: string) =>
        JSON.parse(await get(`runs/${run}/assignments/${part}.json`)).customers;
      expect(JSON.stringify(await customersOf(runId))).toBe(JSON.stringify(await customersOf(before)));
    }
    const bucket = first.cloud.endpoints.bucket;
    const listing = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: 'reports/vectors-inbox/bad.npy/' }),
    );
    const reports = await Promise.all(listing.Contents!.map(async ({ Key }) => JSON.parse(await get(Key!))));
    expect(reports.filter(({ status }) => status === 'rejected')).toMatchObject([
      { problem: { code: 'WRONG_LENGTH' } },
    ]);
  });
});

describe('after one statement of a role, and three that let events through, were taken out of the template', () => {
  let cloud: Cloud;
  let api: ApiClient;
  let executionArn: string;
  let liveRunId: string | undefined;
  const lines: string[] = [];

  beforeAll(async () => {
    const { dataDir } = folders();
    liveRunId = (await first.api.runs())[0]?.runId;
    await first.cloud.close();
    await rename(join(dataDir, 'cdk.out'), folders().assembly);
    const cut = (resources: TemplateResources): void => {
      withoutActions(resources, 'promoterunRole', ['dynamodb:PutItem']);
      withoutActions(resources, 'QuietStateMachineEventsRole', ['states:StartExecution']);
      for (const rule of ['FileDropped', 'MatrixDropped']) withoutResources(resources, 'AWS::Lambda::Permission', rule);
    };
    cloud = await startCloud({ ...cloudOptions(cut), log: (line) => lines.push(line) });
    api = new ApiClient(cloud.endpoints);
    // Four in a hundred sales fewer, and one that cannot be read.
    const [header, ...sales] = (await readFile(join(folder, 'sales.csv'), 'utf8')).trimEnd().split('\n');
    const fewer = [header, ...sales.slice(0, Math.floor(sales.length * 0.96)), `not,a,sale${','.repeat(9)}`].join('\n');
    const s3 = new S3Client(cloud.clientConfig('s3'));
    await s3.send(new PutObjectCommand({ Bucket: cloud.endpoints.bucket, Key: 'inbox/sales.csv', Body: fewer }));
    await s3.send(
      new PutObjectCommand({ Bucket: cloud.endpoints.bucket, Key: 'vectors-inbox/half.npy', Body: 'half' }),
    );
    const stateMachineArn = cloud.endpoints.stateMachines['segmentRun'];
    const sfn = new SFNClient(cloud.clientConfig('stepFunctions'));
    executionArn = (await sfn.send(new StartExecutionCommand({ stateMachineArn }))).executionArn!;
  });
  afterAll(() => cloud.close());

  test('the run fails with AccessDenied and names the permission; what was live stays live', async () => {
    const sfn = new SFNClient(cloud.clientConfig('stepFunctions'));
    await expect.poll(async () => (await api.runs())[0]?.status, { timeout: 90_000, interval: 300 }).toBe('FAILED');
    const { status, error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'AccessDeniedException' });
    expect(JSON.parse(cause!).errorMessage).toMatch(
      /^User: arn:aws:sts::000000000000:assumed-role\/[\w-]*promoterunRole[\w-]*\/[\w-]*promoterunFunction[\w-]* is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table\/[\w-]*Registry[\w-]* because no identity-based policy allows the dynamodb:PutItem action\. Missing statement: \{"Effect":"Allow","Action":"dynamodb:PutItem","Resource":"arn:aws:dynamodb:[^"]*Registry[^"]*"\}$/,
    );
    const [failed, live] = await api.runs();
    expect(failed).toMatchObject({ status: 'FAILED', error: 'AccessDeniedException' });
    expect(live).toMatchObject({ runId: liveRunId, status: 'LIVE' });
  });

  test('what the events could not reach is in the dead-letter queues, and the run took the file in itself', async () => {
    const letters = await readdir(join(folders().dataDir, 'queues'));
    expect(letters.map((name) => name.replace(/^kindred-pipeline-(\w+?)[0-9A-F]{8}-.*$/, '$1')).sort()).toEqual([
      'CommitDeadLetters',
      'IngestDeadLetters',
      'MatrixDeadLetters',
    ]);
    expect(lines.join('\n')).toContain(
      'Missing statement: {"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"lambda:InvokeFunction"',
    );
    const run = await api.run((await api.runs())[0]!.runId);
    expect(run.stages.map(({ stage }) => stage)).toContain('publish-rows');
  });
});

describe('with every statement in place again', () => {
  let cloud: Cloud;
  let api: ApiClient;
  beforeAll(async () => {
    cloud = await startCloud(cloudOptions());
    api = new ApiClient(cloud.endpoints);
  });
  afterAll(() => cloud.close());

  test('the next run undoes what the failed one had published', async () => {
    const { api: url, tokens } = cloud.endpoints;
    const headers = { authorization: `Bearer ${tokens.admin}`, 'content-type': 'application/json' };
    const started = await fetch(`${url}/runs`, { method: 'POST', headers, body: '{}' });
    expect(started.status).toBe(202);
    await expect.poll(async () => (await api.runs())[0]?.status, { timeout: 90_000, interval: 300 }).toBe('LIVE');
    const runs = await api.runs();
    expect(runs.slice(0, 3).map(({ status }) => status)).toEqual(['LIVE', 'FAILED', 'SUPERSEDED']);
    const { stages } = await api.run(runs[0]!.runId);
    expect(stages.find(({ stage }) => stage === 'discard-rows')?.rows).toBeGreaterThan(0);
  });

  test('an answer of the model that nobody waits for any more is a failure that changes nothing', async () => {
    const EndpointName = String((await deployed()).outputs['kindred-model']?.['EndpointName']);
    const stateMachineArn = cloud.endpoints.stateMachines['segmentRun'];
    const jobs = ['', '/EmbedTextBatch'].map((label, i) => ({
      inferenceId: `lost-${i}`,
      taskToken: Buffer.from(`kindred-task:gone ${stateMachineArn}${label}`).toString('base64'),
    }));
    const dynamodb = new DynamoDBClient(cloud.clientConfig('dynamodb'));
    const TableName = cloud.endpoints.tables['modelJobs'];
    const sagemaker = new SageMakerRuntimeClient(cloud.clientConfig('sagemakerRuntime'));
    for (const { inferenceId, taskToken } of jobs) {
      const texts = { inferenceId, taskToken, runId: 'run-000009', inputKey: 'model-input/none', status: 'SUBMITTED' };
      const item = Object.fromEntries(Object.entries(texts).map(([name, S]) => [name, { S }]));
      await dynamodb.send(new PutItemCommand({ TableName, Item: { ...item, expiresAt: { N: '1' } } }));
      await sagemaker.send(
        new InvokeEndpointAsyncCommand({
          EndpointName,
          InputLocation: `s3://${cloud.endpoints.bucket}/model-input/none`,
          InferenceId: inferenceId,
        }),
      );
    }
    const statuses = async () =>
      Promise.all(
        jobs.map(async ({ inferenceId }) => {
          const get = new GetItemCommand({ TableName, Key: { inferenceId: { S: inferenceId } } });
          return (await dynamodb.send(get)).Item?.['status']?.S;
        }),
      );
    await expect.poll(statuses, { timeout: 30_000, interval: 100 }).toEqual(['FAILED', 'FAILED']);
  });

  test('each grant of the template is needed: without it a call of these runs would be denied', async () => {
    const { api: url, tokens } = cloud.endpoints;
    const headers = { authorization: `Bearer ${tokens.reader}`, 'content-type': 'application/json' };
    const [segment] = await api.segments();
    const { value: member } = await api.members(segment!.segmentId).next();
    await api.segment(segment!.segmentId);
    const body = JSON.stringify({ customerIds: [member!.customerId] });
    const batch = await fetch(`${url}/customers/segments:batchGet`, { method: 'POST', headers, body });
    expect(batch.status).toBe(200);
    expect((await fetch(`${url}/segments/seg-99/members`, { headers })).status).toBe(404);

    const { resources } = await deployed();
    const unneeded = unneededGrants(accountPolicies(resources, place), calls.values());
    const unexplained = unneeded.map(titleOf).filter((title) => reasonFor(title) === undefined);
    expect(unexplained).toEqual([]);
    const titles = unneeded.map(titleOf);
    const stale = unexercised.filter(
      ({ grants, dependsOnTimes }) => !dependsOnTimes && !titles.some((title) => grants.test(title)),
    );
    expect(stale).toEqual([]);
  });
});

function folders() {
  return { dataDir: join(folder, 'cloud'), assembly: join(folder, 'assembly') };
}

const place = { region: 'us-east-1', accountId: '000000000000', issuerUrl: 'https://issuer.example' };

/** The template as it was synthesized. */
async function deployed(): Promise<ResolvedTemplate> {
  return resolveTemplate(await loadAssembly(folders().assembly), { ...place, apiUrl: first.cloud.endpoints.api });
}

function cloudOptions(change?: (resources: TemplateResources) => void): CloudOptions {
  return {
    dataDir: folders().dataDir,
    port: 0,
    settings: {},
    synthesize: replayedAssembly(folders().assembly, change),
    log: () => {},
    onAuthorization: record,
  };
}
