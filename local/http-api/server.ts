import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { InvocationResult } from '../lambda/invocation-result.ts';
import { type Listening, listen } from '../listening.ts';
import { BodyTooLargeError, readBody } from '../request-body.ts';
import type { ApiDefinition, ApiRoute } from './api-definition.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { type Authorization, InsufficientScopeError, UnauthorizedError } from './jwt-authorizer.ts';
import { proxyAnswer, proxyEvent } from './proxy-event.ts';
import { RouteTable } from './routes.ts';

/** API Gateway quota. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

export interface ApiServerOptions {
  readonly accountId: string;
  readonly clock: () => number;
  readonly uuid: () => string;
}

export interface ApiServer extends Listening {
  /** Begins to serve; until then every request is answered 503. The port is known before the template that holds it. */
  serve(definition: ApiDefinition, invoke: Invoke): void;
}

type Invoke = (route: ApiRoute, payload: string) => Promise<InvocationResult>;

interface Served {
  readonly definition: ApiDefinition;
  readonly invoke: Invoke;
  readonly routes: RouteTable<ApiRoute>;
}

type Headers = Record<string, string | string[]>;

/** The HTTP API of the template. Its answers to what goes wrong are API Gateway's own. */
export async function startApiServer(options: ApiServerOptions, port: number): Promise<ApiServer> {
  let served: Served | undefined;
  const server = createServer((request, response) => {
    if (served === undefined) send(response, 503, {}, message('Service Unavailable'));
    else void answer(options, served, request, response);
  });
  const listening = await listen(server, port, 'the HTTP API');
  return {
    ...listening,
    serve: (definition, invoke) => {
      served = { definition, invoke, routes: new RouteTable(definition.routes) };
    },
  };
}

async function answer(
  options: ApiServerOptions,
  { definition, invoke, routes }: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const origin = request.headers.origin;
  const cors = definition.cors ? corsHeaders(definition.cors, origin) : {};
  const requestId = options.uuid();
  const finish = (status: number, headers: Headers, body: Buffer | string): void => {
    send(response, status, { ...headers, ...cors, 'apigw-requestid': requestId }, body);
  };
  if (definition.cors && method === 'OPTIONS' && request.headers['access-control-request-method']) {
    send(response, 204, { ...preflightHeaders(definition.cors, origin), 'apigw-requestid': requestId }, '');
    return;
  }
  if (definition.throttle?.admit() === false) {
    finish(429, JSON_TYPE, message('Too Many Requests'));
    return;
  }
  try {
    const found = routes.find(method, url.split('?')[0]!);
    if (found === undefined) {
      finish(404, JSON_TYPE, message('Not Found'));
      return;
    }
    const { route, pathParameters } = found;
    const authorization = await authorize(route, request, url);
    const headers = joinedHeaders(request);
    const body = await readBody(request, MAX_BODY_BYTES);
    const event = proxyEvent(
      { method, url, headers, body, sourceIp: request.socket.remoteAddress ?? '' },
      {
        ...options,
        ...definition,
        routeKey: route.routeKey,
        requestId,
        atMs: options.clock(),
        pathParameters,
        ...(authorization === undefined ? {} : { authorization }),
      },
    );
    const result = await withTimeout(invoke(route, JSON.stringify(event)), route.timeoutMs);
    if (result === undefined) {
      finish(503, JSON_TYPE, message('Service Unavailable'));
      return;
    }
    const proxied = result.functionError === undefined ? proxyAnswer(result.payload) : undefined;
    if (proxied === undefined) finish(500, JSON_TYPE, message('Internal Server Error'));
    else finish(proxied.status, proxied.headers, proxied.body);
  } catch (error) {
    refuse(finish, error);
  }
}

async function authorize(route: ApiRoute, request: IncomingMessage, url: string): Promise<Authorization | undefined> {
  if (route.authorizer === undefined) return undefined;
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  const source = {
    header: (name: string) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    },
    query: (name: string) => query.get(name) ?? undefined,
  };
  return route.authorizer.authorize(source, route.scopes);
}

function refuse(finish: (status: number, headers: Headers, body: string) => void, error: unknown): void {
  if (error instanceof UnauthorizedError) {
    const description = error.message.replaceAll('"', "'");
    const challenge = `Bearer scope="" error="invalid_token" error_description="${description}"`;
    finish(401, { ...JSON_TYPE, 'www-authenticate': challenge }, message('Unauthorized'));
  } else if (error instanceof InsufficientScopeError) {
    finish(403, { ...JSON_TYPE, 'www-authenticate': 'Bearer error="insufficient_scope"' }, message('Forbidden'));
  } else if (error instanceof BodyTooLargeError) {
    finish(413, JSON_TYPE, message('Request Entity Too Large'));
  } else {
    finish(500, JSON_TYPE, message('Internal Server Error'));
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };

function message(text: string): string {
  return JSON.stringify({ message: text });
}

function send(response: ServerResponse, status: number, headers: Headers, body: Buffer | string): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function joinedHeaders(request: IncomingMessage): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) joined[name] = (values ?? []).join(',');
  return joined;
}

/** Undefined once the time is up; the work goes on, as it does in Lambda. */
async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
