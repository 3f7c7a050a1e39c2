import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as z from 'zod';
import type { Environment, FunctionName } from '../../contracts/environments.ts';
import { StorageUnavailableError } from '../../storage/errors.ts';
import { ApiProblem } from './api-problem.ts';
import { entityTagOf, matches } from './entity-tag.ts';
import { logInvocation } from './log-invocation.ts';
import { processDependencies } from './process-dependencies.ts';
import { jsonBodyOf } from './request-body.ts';

export interface RouteDefinition<F extends FunctionName, I, D, O> {
  readonly name: F;
  /**
   * Path and query parameters together; of a POST also `body`, the parsed JSON, and `idempotencyKey` where the header of that name is
   * given and the route takes it.
   */
  readonly input: z.ZodType<I>;
  readonly takesIdempotencyKey?: boolean;
  /** Checked before it leaves: an answer that is not the documented one is an error here, not at the caller's. */
  readonly output: z.ZodType<O>;
  readonly createDeps: (environment: Environment<F>) => D | Promise<D>;
  readonly step: (input: I, deps: D) => Promise<O>;
  /** Of an answer that holds for as long as its run is live: the run. Callers who have it are answered 304. */
  readonly runOf?: (answer: O) => string;
  /** 200 unless given. */
  readonly status?: number;
  /** Path of what the request has made. */
  readonly locationOf?: (answer: O) => string;
}

/** The handler around a pure route step: parameters in, JSON out, problems as application/problem+json (RFC 9457). */
export function routeFunction<F extends FunctionName, I, D, O>(definition: RouteDefinition<F, I, D, O>) {
  const dependencies = processDependencies(definition.name, definition.createDeps);
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use(logInvocation(definition.name))
    .use({
      onError: (request) => {
        request.response = problemResponse(request.error, request.event?.rawPath);
      },
    })
    .handler(async (event) => {
      const deps = await dependencies();
      const input = definition.input.safeParse(inputOf(event, definition.takesIdempotencyKey ?? false));
      if (!input.success) {
        const fields = input.error.issues.map((issue) => `${issue.path.join('.') || 'the request'}: ${issue.message}`);
        throw new ApiProblem(400, 'Bad request', fields.join('; '));
      }
      const answer = definition.output.parse(await definition.step(input.data, deps));
      return answerResponse(definition, event, answer);
    });
}

function inputOf(event: APIGatewayProxyEventV2, takesIdempotencyKey: boolean): Readonly<Record<string, unknown>> {
  const parameters = { ...event.queryStringParameters, ...event.pathParameters };
  if (event.requestContext.http.method !== 'POST') return parameters;
  const idempotencyKey = takesIdempotencyKey ? event.headers['idempotency-key'] : undefined;
  return { ...parameters, body: jsonBodyOf(event), ...(idempotencyKey !== undefined && { idempotencyKey }) };
}

function answerResponse<F extends FunctionName, I, D, O>(
  { status = 200, runOf, locationOf }: RouteDefinition<F, I, D, O>,
  event: APIGatewayProxyEventV2,
  answer: O,
): APIGatewayProxyStructuredResultV2 {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (runOf) {
    const etag = entityTagOf(runOf(answer));
    // Who keeps the answer asks whether it still holds before using it again.
    Object.assign(headers, { etag, 'cache-control': 'private, no-cache' });
    const ifNoneMatch = event.headers['if-none-match'];
    if (ifNoneMatch !== undefined && matches(ifNoneMatch, etag)) return { statusCode: 304, headers };
  }
  if (locationOf) headers['location'] = locationOf(answer);
  const isHead = event.requestContext.http.method === 'HEAD';
  return { statusCode: status, headers, ...(isHead ? {} : { body: JSON.stringify(answer) }) };
}

function problemResponse(error: unknown, instance: string | undefined): APIGatewayProxyStructuredResultV2 {
  const problem = problemOf(error);
  return {
    statusCode: problem.status,
    headers: { 'content-type': 'application/problem+json', ...problem.headers },
    body: JSON.stringify({
      type: 'about:blank',
      title: problem.title,
      status: problem.status,
      detail: problem.message,
      instance,
    }),
  };
}

function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof StorageUnavailableError) {
    const detail = 'A store did not answer in time; nothing is wrong with the request. Send it again after a second.';
    return new ApiProblem(503, 'Temporarily unavailable', detail, { 'retry-after': '1' });
  }
  return new ApiProblem(500, 'Internal error', 'The request could not be answered; the failure has been logged.');
}
