import { describe, expect, test } from 'vitest';
import { openApiDocument } from './openapi.ts';

/** Against the OpenAPI 3.1.0 specification; section names in brackets. */

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: { readonly type?: string; readonly $schema?: string };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly { readonly token: readonly string[] }[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly headers?: Readonly<Record<string, object>>;
        readonly content?: Readonly<Record<string, { readonly schema: object }>>;
      }
    >
  >;
}

// As clients read it: through JSON.
const document = JSON.parse(JSON.stringify(openApiDocument())) as {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly properties: object; readonly required: readonly string[] }>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);
const guarded = operations.filter(({ path }) => path !== '/openapi.json');

describe('the document', () => {
  test('is of OpenAPI 3.1 and has what an OpenAPI Object must have [OpenAPI Object, Info Object]', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: 'Kindred', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });

  test('describes every route', () => {
    expect(operations.map(({ path, method }) => `${method} ${path}`).sort()).toEqual([
      'get /customers/{customerId}/segment',
      'get /openapi.json',
      'get /runs',
      'get /runs/{runId}',
      'get /segments',
      'get /segments/{segmentId}',
      'get /segments/{segmentId}/members',
      'post /customers/segments:batchGet',
      'post /customers:classify',
      'post /runs',
    ]);
  });

  test('names each operation once [Operation Object: operationId]', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has all that it refers to [Reference Object]', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, target]) => target ?? '');
    for (const reference of new Set(references)) {
      const found = reference
        .replace(/^#\//, '')
        .split('/')
        .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], document);
      expect(found, reference).toBeDefined();
    }
    expect(references).toContain('#/components/schemas/Problem');
  });

  test('asks for a token by a scheme that it declares, of all but itself [Security Requirement Object]', () => {
    for (const requirement of [...document.security, ...operations.flatMap(({ operation }) => operation.security)]) {
      for (const scheme of Object.keys(requirement)) expect(document.components.securitySchemes).toHaveProperty(scheme);
    }
    const open = operations.filter(({ operation }) => operation.security.length === 0);
    expect(open.map(({ path }) => path)).toEqual(['/openapi.json']);
  });

  test('asks for the scope of the administrator where something is started, of customers where they are told of, of reading elsewhere', () => {
    const scopes = guarded.map(({ method, path, operation }) => [`${method} ${path}`, operation.security[0]?.token]);
    const reading = guarded.filter(
      ({ operation }) => !['startRun', 'classifyCustomer'].includes(operation.operationId!),
    );
    expect(Object.fromEntries(scopes)).toEqual({
      ...Object.fromEntries(reading.map(({ method, path }) => [`${method} ${path}`, ['kindred/segments:read']])),
      'post /customers:classify': ['kindred/customers:write'],
      'post /runs': ['kindred/admin'],
    });
  });

  test('describes problems as RFC 9457 does', () => {
    const { properties, required } = document.components.schemas['Problem']!;
    expect(Object.keys(properties).sort()).toEqual(['detail', 'instance', 'status', 'title', 'type']);
    expect(required).not.toContain('instance');
  });
});

describe.each(operations)('$method $path', ({ path, operation }) => {
  test('has an answer of JSON, described [Response Object]', () => {
    const ok = operation.responses[operation.operationId === 'startRun' ? '202' : '200'];
    expect(ok?.content?.['application/json']?.schema).toBeTypeOf('object');
    for (const { description } of Object.values(operation.responses)) expect(description).not.toBe('');
  });

  test('declares each name of its path as a required parameter, and no other one there [Path Templating]', () => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(declared.map(({ name }) => name)).toEqual(inPath);
    expect(declared.every(({ required }) => required)).toBe(true);
  });

  test('has parameters of a type, in path, query or header, each once', () => {
    const parameters = operation.parameters ?? [];
    for (const { in: place, schema } of parameters) {
      expect(['path', 'query', 'header']).toContain(place);
      expect(['string', 'integer', 'number', 'boolean']).toContain(schema.type);
    }
    expect(new Set(parameters.map(({ name }) => name)).size).toBe(parameters.length);
  });
});

describe.each(guarded)('$method $path, guarded', ({ operation }) => {
  test('says what a missing token, a missing scope and too many requests are answered with', () => {
    for (const status of ['401', '403', '429'])
      expect(operation.responses[status]?.content?.['application/json']).toBeDefined();
    for (const status of ['400', '500', '503']) {
      expect(operation.responses[status]?.content?.['application/problem+json']).toBeDefined();
    }
    // A list of runs may be empty and a run be started by anybody; all else can be missing.
    expect(operation.responses['404'] !== undefined).toBe(!['listRuns', 'startRun'].includes(operation.operationId));
  });
});

test('what is answered of a run has an entity tag, can be asked for unless it is known, and is answered 304 then', () => {
  const tagged = ['getCustomerSegment', 'getSegment', 'listSegmentMembers', 'listSegments'];
  const byTag = operations.filter(({ operation }) => operation.responses['304']);
  expect(byTag.map(({ operation }) => operation.operationId).sort()).toEqual(tagged);
  for (const { operation } of byTag) {
    expect(operation.responses['200']?.headers).toHaveProperty('ETag');
    expect(operation.parameters?.filter((one) => one.in === 'header').map(({ name }) => name)).toEqual([
      'If-None-Match',
    ]);
  }
});

test('a POST has a body of JSON and says what becomes of one that is too large or of another type', () => {
  for (const { operation } of operations.filter(({ method }) => method === 'post')) {
    expect(operation.requestBody?.content['application/json']?.schema).toBeTypeOf('object');
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['413', '415']));
  }
});

test('pages have a limit with bounds and a default, and an optional cursor', () => {
  const parameters = document.paths['/runs']?.['get']?.parameters ?? [];
  expect(parameters).toMatchObject([
    { name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 100, default: 50 } },
    { name: 'cursor', required: false, schema: { type: 'string', maxLength: 512 } },
  ]);
});
