import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { pageParameters, problemSchema } from '../../contracts/api.ts';
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

async function call(handler: ReturnType<typeof route>, event: Partial<APIGatewayProxyEventV2> = {}) {
  const answer = (await handler(
    { rawPath: '/runs', ...event } as APIGatewayProxyEventV2,
    {} as Context,
  )) as APIGatewayProxyStructuredResultV2;
  return { status: answer.statusCode, type: answer.headers?.['content-type'], body: JSON.parse(answer.body ?? '') };
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
