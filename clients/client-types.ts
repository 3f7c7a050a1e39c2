/**
 * TypeScript types of an OpenAPI 3.1 document, in the shape that openapi-fetch and its kin read: `paths`, `operations` and `components`.
 * It knows the forms of JSON Schema that this API's document has, and refuses any other.
 */

/** A form of JSON Schema, or of a document, that no type is written for. */
export class UnknownFormError extends Error {
  override readonly name = 'UnknownFormError';
  readonly code = 'UNKNOWN_FORM';
  readonly retryable = false;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly description?: string;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: Content & { readonly required: boolean };
  readonly responses: Readonly<
    Record<string, Content & { readonly headers?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const places = ['query', 'header', 'path', 'cookie'];

/** The whole text of the declaration file. @throws UnknownFormError */
export function clientTypes({ paths, components }: OpenApiDocument): string {
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  return [
    '/** Types of the HTTP API, made from its OpenAPI document by `npm run client-types`. */',
    '',
    `export interface paths ${block(Object.entries(paths).map(([path, of]) => `${quoted(path)}: ${pathType(of)}`))}`,
    '',
    `export interface operations ${block(operations.map((one) => `${comment(one.summary)}${one.operationId}: ${operationType(one)}`))}`,
    '',
    `export interface components ${block([`schemas: ${block(Object.entries(components.schemas).map(([name, schema]) => `${name}: ${typeOf(schema)}`))}`])}`,
    '',
  ].join('\n');
}

function pathType(of: Readonly<Record<string, Operation>>): string {
  const entries = methods.map((method) => {
    const operation = of[method];
    return operation ? `${method}: operations[${quoted(operation.operationId)}]` : `${method}?: never`;
  });
  return block([`parameters: ${block(places.map((place) => `${place}?: never`))}`, ...entries]);
}

function operationType({ parameters = [], requestBody, responses }: Operation): string {
  const ofPlaces = places.map((place) => {
    const inPlace = parameters.filter((parameter) => parameter.in === place);
    if (inPlace.length === 0) return `${place}?: never`;
    const optional = inPlace.some(({ required }) => required) ? '' : '?';
    const fields = inPlace.map(({ name, required, description, schema }) => {
      return `${comment(description)}${key(name)}${required ? '' : '?'}: ${typeOf(schema)}`;
    });
    return `${place}${optional}: ${block(fields)}`;
  });
  const answers = Object.entries(responses).map(([status, { headers = {}, content }]) => {
    const named = Object.entries(headers).map(([name, { schema }]) => `${key(name)}?: ${typeOf(schema)}`);
    return `${status}: ${block([`headers: ${block([...named, '[name: string]: unknown'])}`, contentField(content)])}`;
  });
  return block([
    `parameters: ${block(ofPlaces)}`,
    requestBody
      ? `requestBody${requestBody.required ? '' : '?'}: ${block([contentField(requestBody.content)])}`
      : 'requestBody?: never',
    `responses: ${block(answers)}`,
  ]);
}

function contentField(content: Content['content']): string {
  if (!content) return 'content?: never';
  return `content: ${block(Object.entries(content).map(([type, { schema }]) => `${quoted(type)}: ${typeOf(schema)}`))}`;
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const [, name] = /^#\/components\/schemas\/(\w+)$/.exec(schema.$ref) ?? [];
    if (name) return `components['schemas'][${quoted(name)}]`;
    throw new UnknownFormError(`a reference to ${schema.$ref}; only #/components/schemas/… is known`);
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => typeOf({ ...schema, type })).join(' | ');
  switch (schema.type) {
    case 'object':
      return objectType(schema);
    case 'array':
      return arrayType(schema);
    case 'integer':
      return 'number';
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return schema.type;
    case undefined:
      if (Object.keys(schema).every((name) => name === 'description')) return 'unknown';
  }
  throw new UnknownFormError(`a schema with ${Object.keys(schema).join(', ')} has no type here: ${schema.type}`);
}

function arrayType({ prefixItems, items = {} }: Schema): string {
  if (prefixItems) return `[${prefixItems.map(typeOf).join(', ')}]`;
  const item = typeOf(items);
  return item.includes(' | ') ? `(${item})[]` : `${item}[]`;
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  if (properties) {
    return block(
      Object.entries(properties).map(([name, schema]) => {
        return `${comment(schema.description)}${key(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`;
      }),
    );
  }
  const values = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown';
  return block([`[name: string]: ${values}`]);
}

function block(members: readonly string[]): string {
  if (members.length === 0) return 'Record<string, never>';
  return `{\n${members.map((member) => `${member};`.replace(/^/gm, '  ')).join('\n')}\n}`;
}

function comment(text: string | undefined): string {
  return text ? `/** ${text.replaceAll('*/', '*\\/')} */\n` : '';
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}
