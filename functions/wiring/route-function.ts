import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as z from 'zod';
import type { Environment, FunctionName } from '../../contracts/environments.ts';
import { ApiProblem } from './api-problem.ts';
import { logInvocation } from './log-invocation.ts';
import { processDependencies } from './process-dependencies.ts';

export interface RouteDefinition<F extends FunctionName, I, D, O> {
  readonly name: F;
  /** Path and query parameters together. */
  readonly input: z.ZodType<I>;
  /** Checked before it leaves: an answer that is not the documented one is an error here, not at the caller's. */
  readonly output: z.ZodType<O>;
  readonly createDeps: (environment: Environment<F>) => D | Promise<D>;
  readonly step: (input: I, deps: D) => Promise<O>;
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
      const parameters = { ...event.queryStringParameters, ...event.pathParameters };
      const input = definition.input.safeParse(parameters);
      if (!input.success) {
        const fields = input.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
        throw new ApiProblem(400, 'Bad request', fields.join('; '));
      }
      const body = definition.output.parse(await definition.step(input.data, deps));
      return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    });
}

function problemResponse(error: unknown, instance: string | undefined): APIGatewayProxyStructuredResultV2 {
  const problem =
    error instanceof ApiProblem
      ? error
      : new ApiProblem(500, 'Internal error', 'The request could not be answered; the failure has been logged.');
  return {
    statusCode: problem.status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({
      type: 'about:blank',
      title: problem.title,
      status: problem.status,
      detail: problem.message,
      instance,
    }),
  };
}
