import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openApiDocument } from '../contracts/openapi.ts';
import { clientTypes, type OpenApiDocument, UnknownFormError } from './client-types.ts';

test('the types that are given out are those of the API as it is; `npm run client-types` writes them anew', () => {
  const written = readFileSync(new URL('./kindred-api.d.ts', import.meta.url), 'utf8');
  expect(written).toBe(clientTypes(openApiDocument() as unknown as OpenApiDocument));
});

const documentOf = (schema: object) => ({ paths: {}, components: { schemas: { X: schema } } }) as OpenApiDocument;
const typeOf = (schema: object) =>
  /X: ([\s\S]*);\n {2}};\n}\n$/.exec(clientTypes(documentOf(schema)))?.[1]?.replace(/\s+/g, ' ');

/** As openapi-typescript 7.13 writes the same schemas, spaces and brackets aside. */
test.each([
  ['a reference', { $ref: '#/components/schemas/Y' }, "components['schemas']['Y']"],
  ['an enumeration', { type: 'string', enum: ['a', 'b'] }, '"a" | "b"'],
  ['a constant', { type: 'string', const: 'k' }, '"k"'],
  ['a type that may be null', { type: ['number', 'null'] }, 'number | null'],
  [
    'alternatives in a list',
    { type: 'array', items: { anyOf: [{ type: 'integer' }, { type: 'null' }] } },
    '(number | null)[]',
  ],
  ['a tuple', { type: 'array', prefixItems: [{ type: 'string' }, { type: 'boolean' }] }, '[string, boolean]'],
  ['a map', { type: 'object', additionalProperties: { type: 'integer' } }, '{ [name: string]: number; }'],
  [
    'fields',
    { type: 'object', properties: { a: { type: 'string' }, 'b-c': { type: 'number' } }, required: ['a'] },
    "{ a: string; 'b-c'?: number; }",
  ],
  ['anything', {}, 'unknown'],
])('%s has its type', (_, schema, type) => {
  expect(typeOf(schema)).toBe(type);
});

test.each([{ type: 'bytes' }, { not: { type: 'string' } }, { $ref: '#/paths/x' }])(
  '%j is refused, not guessed',
  (schema) => {
    expect(() => typeOf(schema)).toThrow(UnknownFormError);
  },
);
