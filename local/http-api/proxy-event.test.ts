import { describe, expect, it } from 'vitest';
import { proxyAnswer, proxyEvent } from './proxy-event.ts';

const request = {
  method: 'GET',
  url: '/segments/a%20b?limit=10&tag=x&tag=y%2Cz',
  headers: { host: 'api.test', 'user-agent': 'agent', cookie: 'a=1; b=2', header1: 'value1,value2' },
  body: Buffer.alloc(0),
  sourceIp: '192.0.2.1',
};
const context = {
  accountId: '123456789012',
  apiId: 'api-id',
  routeKey: 'GET /segments/{segmentId}',
  stage: '$default',
  requestId: 'id',
  atMs: 1_583_348_638_390,
  pathParameters: { segmentId: 'a b' },
};

describe('payload format 2.0', () => {
  // Field by field as in "Create AWS Lambda proxy integrations for HTTP APIs"; its example has this time and timeEpoch.
  it('describes a request', () => {
    expect(proxyEvent(request, context)).toEqual({
      version: '2.0',
      routeKey: 'GET /segments/{segmentId}',
      rawPath: '/segments/a b',
      rawQueryString: 'limit=10&tag=x&tag=y%2Cz',
      cookies: ['a=1', 'b=2'],
      headers: { host: 'api.test', 'user-agent': 'agent', header1: 'value1,value2' },
      queryStringParameters: { limit: '10', tag: 'x,y,z' },
      requestContext: {
        accountId: '123456789012',
        apiId: 'api-id',
        domainName: 'api.test',
        domainPrefix: 'api-id',
        http: { method: 'GET', path: '/segments/a b', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'agent' },
        requestId: 'id',
        routeKey: 'GET /segments/{segmentId}',
        stage: '$default',
        time: '04/Mar/2020:19:03:58 +0000',
        timeEpoch: 1_583_348_638_390,
      },
      pathParameters: { segmentId: 'a b' },
      isBase64Encoded: false,
    });
  });

  it('carries text bodies as text and others in base64, and the token’s claims', () => {
    const withBody = (contentType: string, body: Buffer) =>
      proxyEvent(
        { ...request, headers: { 'content-type': contentType }, body },
        { ...context, authorization: { claims: { sub: 'x' }, scopes: null } },
      );
    expect(withBody('application/json', Buffer.from('{"é":1}'))).toMatchObject({
      body: '{"é":1}',
      isBase64Encoded: false,
    });
    expect(withBody('image/png', Buffer.from([0xff, 0x00]))).toMatchObject({ body: '/wA=', isBase64Encoded: true });
    expect(withBody('image/png', Buffer.from([1]))).toMatchObject({
      requestContext: { authorizer: { jwt: { claims: { sub: 'x' }, scopes: null } } },
    });
  });

  const answer = (result: unknown) => {
    const { status, headers, body } = proxyAnswer(JSON.stringify(result))!;
    return { status, headers, body: body.toString('latin1') };
  };

  it('takes an answer without a status code as a JSON body', () => {
    expect(answer({ hello: 1 })).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"hello":1}',
    });
    expect(answer('Hello from Lambda!')).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: 'Hello from Lambda!',
    });
  });

  it('takes status, headers, cookies and body from a full answer', () => {
    expect(
      answer({
        statusCode: 201,
        headers: { 'X-Count': 3 },
        cookies: ['a=1', 'b=2'],
        body: '/wA=',
        isBase64Encoded: true,
      }),
    ).toEqual({
      status: 201,
      headers: { 'x-count': '3', 'content-type': 'text/plain;charset=UTF-8', 'set-cookie': ['a=1', 'b=2'] },
      body: '\xff\x00',
    });
  });

  it('knows no HTTP answer in a malformed one', () => {
    expect(proxyAnswer(JSON.stringify({ statusCode: 'many' }))).toBeUndefined();
    expect(proxyAnswer(JSON.stringify({ statusCode: 200, body: { not: 'text' } }))).toBeUndefined();
  });
});
