import type { Authorization } from './jwt-authorizer.ts';

/**
 * What a function receives and answers.
 * Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs", payload format version 2.0.
 */
export interface ProxyRequest {
  readonly method: string;
  /** Percent-encoded path, with the query. */
  readonly url: string;
  /** Lower-case names; several values of one header joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly sourceIp: string;
}

export interface ProxyContext {
  readonly accountId: string;
  readonly apiId: string;
  readonly routeKey: string;
  readonly stage: string;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly authorization?: Authorization;
}

export interface ProxyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

const TEXT_TYPES = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded)|[^;]*\+(json|xml))/;

export function proxyEvent(request: ProxyRequest, context: ProxyContext): object {
  const mark = request.url.indexOf('?');
  const path = mark < 0 ? request.url : request.url.slice(0, mark);
  const rawQueryString = mark < 0 ? '' : request.url.slice(mark + 1);
  const { cookie, ...headers } = request.headers;
  const query = joinedQuery(rawQueryString);
  const isBase64Encoded = request.body.length > 0 && !TEXT_TYPES.test(headers['content-type'] ?? 'text/plain');
  const rawPath = decodedPath(path);
  return {
    version: '2.0',
    routeKey: context.routeKey,
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    headers,
    ...(rawQueryString === '' ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: context.accountId,
      apiId: context.apiId,
      ...(context.authorization === undefined ? {} : { authorizer: { jwt: context.authorization } }),
      domainName: headers['host'] ?? '',
      domainPrefix: context.apiId,
      http: {
        method: request.method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: context.requestId,
      routeKey: context.routeKey,
      stage: context.stage,
      time: logTime(context.atMs),
      timeEpoch: context.atMs,
    },
    ...(Object.keys(context.pathParameters).length === 0 ? {} : { pathParameters: context.pathParameters }),
    ...(request.body.length === 0 ? {} : { body: request.body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}

/** A function's answer as HTTP; undefined when it is malformed, which API Gateway answers with 500. */
export function proxyAnswer(payload: string): ProxyAnswer | undefined {
  const result: unknown = JSON.parse(payload);
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    // An answer without a status code is the body.
    const body = typeof result === 'string' ? result : payload;
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
  }
  const { statusCode, headers = {}, body = '', cookies, isBase64Encoded = false } = result as ProxyResult;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599 || typeof body !== 'string') return undefined;
  const named: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) named[name.toLowerCase()] = String(value);
  named['content-type'] ??= 'text/plain;charset=UTF-8';
  if (cookies !== undefined) named['set-cookie'] = cookies;
  return { status, headers: named, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') };
}

interface ProxyResult {
  readonly statusCode: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly cookies?: string[];
  readonly isBase64Encoded?: boolean;
}

function joinedQuery(rawQueryString: string): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    joined[name] = Object.hasOwn(joined, name) ? `${joined[name]},${value}` : value;
  }
  return joined;
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** `12/Mar/2020:19:03:58 +0000` */
function logTime(atMs: number): string {
  const [, day = '', month = '', year = '', time = ''] =
    /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(atMs).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
