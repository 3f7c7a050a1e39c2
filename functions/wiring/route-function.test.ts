import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { maxBodyBytes, pageParameters, problemSchema } from '../../contracts/api.ts';
import { StorageUnavailableError } from '../../storage/errors.ts';
import { ApiProblem } from './api-problem.ts';
import { routeFunction } from './route-function.ts';

let logged: string[];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => logged.push(line));
  vi.stubEnv('REGISTRY_TABLE', 'Registry');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

type Step = (input: z.infer<typeof pageParameters>) => Promise<{ readonly limit: number }>;

function route(step: Step, createDeps: () => object = () => ({})) {
  const output = z.strictObject({ limit: z.number() });
  return routeFunction({ name: 'list-runs', input: pageParameters, output, createDeps, step });
}

type Handler = (event: APIGatewayProxyEventV2, context: Context) => unknown;

/** A request as API Gateway hands it on: header names in lower case (payload format version 2.0). */
async function send(handler: Handler, method: string, event: Partial<APIGatewayProxyEventV2> = {}) {
  const request = { rawPath: '/runs', headers: {}, requestContext: { http: { method } }, ...event };
  return (await handler(request as APIGatewayProxyEventV2, {} as Context)) as APIGatewayProxyStructuredResultV2;
}

async function call(handler: Handler, event: Partial<APIGatewayProxyEventV2> = {}, method = 'GET') {
  const { statusCode, headers, body = '' } = await send(handler, method, event);
  return { status: statusCode, type: headers?.['content-type'], body: JSON.parse(body) };
}

const echo: Step = async ({ limit }) => ({ limit });

describe('an answer', () => {
  test('is JSON of what the step gives, from parameters read by the schema', async () => {
    expect(await call(route(echo), { queryStringParameters: { limit: '7' } })).toEqual({
      status: 200,
      type: 'application/json',
      body: { limit: 7 },
    });
    expect((await call(route(echo))).body).toEqual({ limit: 50 });
  });

  test('takes a path parameter before a query parameter of the same name', async () => {
    const event = { queryStringParameters: { limit: '7' }, pathParameters: { limit: '9' } };
    expect((await call(route(echo), event)).body).toEqual({ limit: 9 });
  });

  test('that is not the documented one is a 500, and never leaves', async () => {
    const { status, body } = await call(route(async () => ({ limit: 1, secret: 'x' }) as never));
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});

describe('a problem (RFC 9457)', () => {
  test('of the caller says which parameter and what is allowed', async () => {
    const { status, type, body } = await call(route(echo), { queryStringParameters: { limit: '101' } });
    expect({ status, type }).toEqual({ status: 400, type: 'application/problem+json' });
    expect(problemSchema.parse(body)).toMatchObject({
      type: 'about:blank',
      title: 'Bad request',
      status: 400,
      detail: expect.stringMatching(/^limit: .*100/),
      instance: '/runs',
    });
  });

  test('that the step names is answered as it stands', async () => {
    const missing = route(() => Promise.reject(new ApiProblem(404, 'Unknown run', 'There is no run of this id.')));
    expect((await call(missing)).body).toEqual({
      type: 'about:blank',
      title: 'Unknown run',
      status: 404,
      detail: 'There is no run of this id.',
      instance: '/runs',
    });
  });

  test('of ours says nothing of its cause, which is logged by name', async () => {
    const broken = route(() => Promise.reject(new TypeError('secret of customer C1')));
    const { status, body } = await call(broken);
    expect(problemSchema.parse(body)).toMatchObject({ status: 500, title: 'Internal error' });
    expect(status).toBe(500);
    expect(JSON.stringify(body) + logged.join('')).not.toContain('secret');
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({ function: 'list-runs', outcome: 'failed', error: 'TypeError' });
  });
});

describe('an answer of a run', () => {
  const answered = route(echo) as Handler;
  const ofRun = routeFunction({
    name: 'list-runs',
    input: pageParameters,
    output: z.strictObject({ runId: z.string() }),
    createDeps: () => ({}),
    step: async ({ cursor }) => {
      if (cursor) throw new ApiProblem(404, 'Unknown', 'none');
      return { runId: 'run-000007' };
    },
    runOf: ({ runId }) => runId,
  });

  test('carries the run as entity tag; one of no run carries none', async () => {
    expect((await send(ofRun, 'GET')).headers).toMatchObject({ etag: 'W/"run-000007"' });
    expect((await send(answered, 'GET')).headers?.['etag']).toBeUndefined();
  });

  // RFC 9110, 13.1.2: a list, weak comparison, and `*` for any.
  test.each(['W/"run-000007"', '"run-000007"', '"run-000006", W/"run-000007"', '*'])(
    'is 304 without a body for who has %s',
    async (tag) => {
      const answer = await send(ofRun, 'GET', { headers: { 'if-none-match': tag } });
      expect(answer).toMatchObject({ statusCode: 304, headers: { etag: 'W/"run-000007"' } });
      expect(answer.body).toBeUndefined();
    },
  );

  test.each(['"run-000006"', 'run-000007'])('is whole for who has %s', async (tag) => {
    expect((await send(ofRun, 'GET', { headers: { 'if-none-match': tag } })).statusCode).toBe(200);
  });

  test('that does not exist is 404, whatever the caller has (RFC 9110, 13.2.1)', async () => {
    const event = { headers: { 'if-none-match': '*' }, queryStringParameters: { cursor: 'x' } };
    expect((await send(ofRun, 'GET', event)).statusCode).toBe(404);
  });

  test('has its headers and no body for HEAD', async () => {
    const answer = await send(ofRun, 'HEAD');
    expect(answer).toMatchObject({ statusCode: 200, headers: { etag: 'W/"run-000007"' } });
    expect(answer.body).toBeUndefined();
  });
});

describe('a POST', () => {
  const taken = routeFunction({
    name: 'start-run',
    input: z.strictObject({ body: z.strictObject({ k: z.int() }).optional(), idempotencyKey: z.string().optional() }),
    takesIdempotencyKey: true,
    output: z.unknown(),
    createDeps: () => ({}),
    step: async (input) => input,
    status: 202,
    locationOf: () => '/runs/run-000001',
  });
  beforeEach(() => vi.stubEnv('RUN_STATE_MACHINE_ARN', 'arn'));
  const json = { 'content-type': 'application/json; charset=utf-8' };
  const post = (body: string, headers: Record<string, string> = json, isBase64Encoded = false) =>
    call(taken, { body, headers, isBase64Encoded }, 'POST');

  test('hands its JSON and its idempotency key to the step, and answers with status and place', async () => {
    const answer = await send(taken, 'POST', { body: '{"k":3}', headers: { ...json, 'idempotency-key': 'a' } });
    expect(answer).toMatchObject({ statusCode: 202, headers: { location: '/runs/run-000001' } });
    expect(JSON.parse(answer.body ?? '')).toEqual({ body: { k: 3 }, idempotencyKey: 'a' });
  });

  test('may have no body, and one in Base64, as API Gateway hands on what it does not take for text', async () => {
    expect((await call(taken, {}, 'POST')).body).toEqual({});
    expect((await post(Buffer.from('{"k":3}').toString('base64'), json, true)).body).toEqual({ body: { k: 3 } });
  });

  test.each([
    ['is not JSON', 400, '{"k":', json],
    ['has a field that nobody knows', 400, '{"k":3,"secretField":1}', json],
    ['has a field of another type', 400, '{"k":"three"}', json],
    ['is a form', 415, 'k=3', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['says not what it is', 415, '{"k":3}', {}],
    ['is too large', 413, `{"k":${' '.repeat(maxBodyBytes)}3}`, json],
  ])('whose body %s is %i', async (_, status, body, headers) => {
    const answer = await post(body, headers);
    expect({ status: answer.status, type: answer.type }).toEqual({ status, type: 'application/problem+json' });
    expect(problemSchema.parse(answer.body).status).toBe(status);
  });
});

test('a parameter that nobody knows is refused by name', async () => {
  const { status, body } = await call(route(echo), { queryStringParameters: { limits: '5' } });
  expect(status).toBe(400);
  expect(body.detail).toContain('limits');
});

test('a store that does not answer in time is 503 with the time to wait', async () => {
  const answer = await send(
    route(() => Promise.reject(new StorageUnavailableError('a table is throttled'))),
    'GET',
  );
  expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } });
  expect(answer.body).not.toContain('table');
});

test('the dependencies are made once for all calls, and again where making them failed', async () => {
  let made = 0;
  const handler = route(echo, () => {
    made += 1;
    if (made === 1) throw new Error('no secret yet');
    return {};
  });
  expect((await call(handler)).status).toBe(500);
  expect((await call(handler)).status).toBe(200);
  expect((await call(handler)).status).toBe(200);
  expect(made).toBe(2);
});

test('dependencies that could not be made later on are made again, too', async () => {
  let made = 0;
  const handler = route(echo, () => {
    made += 1;
    return made === 1 ? (Promise.reject(new Error('the secrets answer with 500')) as never) : {};
  });
  expect((await call(handler)).status).toBe(500);
  expect((await call(handler)).status).toBe(200);
});

test('a missing environment variable is a 500 that the log names', async () => {
  vi.stubEnv('REGISTRY_TABLE', '');
  expect((await call(route(echo))).status).toBe(500);
  expect(JSON.parse(logged[0] ?? '')).toMatchObject({ outcome: 'failed', error: 'ZodError' });
});
