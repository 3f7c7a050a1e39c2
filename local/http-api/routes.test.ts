import { describe, expect, it } from 'vitest';
import { RouteKeyError, RouteTable } from './routes.ts';

const table = (...keys: readonly string[]) => new RouteTable(keys.map((routeKey) => ({ routeKey })));
const found = (routes: ReturnType<typeof table>, method: string, path: string) => {
  const match = routes.find(method, path);
  return match && [match.route.routeKey, match.pathParameters];
};

describe('routes of an HTTP API', () => {
  // API Gateway developer guide, "Routes for HTTP APIs in API Gateway", example of route priority.
  const documented = table('GET /pets/dog/1', 'GET /pets/dog/{id}', 'GET /pets/{proxy+}', 'ANY /{proxy+}', '$default');
  it.each([
    ['GET', '/pets/dog/1', ['GET /pets/dog/1', {}]],
    ['GET', '/pets/dog/2', ['GET /pets/dog/{id}', { id: '2' }]],
    ['GET', '/pets/cat/1', ['GET /pets/{proxy+}', { proxy: 'cat/1' }]],
    ['POST', '/test/5', ['ANY /{proxy+}', { proxy: 'test/5' }]],
    ['GET', '/', ['$default', {}]],
  ])('%s %s', (method, path, expected) => {
    expect(found(documented, method, path)).toEqual(expected);
  });

  it('prefers a method to ANY, and answers nothing without $default', () => {
    const routes = table('ANY /runs', 'GET /runs', 'GET /runs/{runId}/log');
    expect(found(routes, 'GET', '/runs')).toEqual(['GET /runs', {}]);
    expect(found(routes, 'POST', '/runs')).toEqual(['ANY /runs', {}]);
    expect(found(routes, 'GET', '/runs/5')).toBeUndefined();
    expect(found(routes, 'GET', '/runs//log')).toBeUndefined();
  });

  it('decodes path parameters, and takes broken encoding as it is', () => {
    const routes = table('GET /customers/{id}');
    expect(found(routes, 'GET', '/customers/a%2Fb%20c')).toEqual(['GET /customers/{id}', { id: 'a/b c' }]);
    expect(found(routes, 'GET', '/customers/%E0%A4%A')).toEqual(['GET /customers/{id}', { id: '%E0%A4%A' }]);
  });

  it('refuses what is no route key', () => {
    expect(() => table('FETCH /x')).toThrow(RouteKeyError);
  });
});
