import * as z from 'zod';
import {
  batchGetAnswer,
  batchGetBody,
  classifyAnswer,
  classifyBody,
  customerIdParameter,
  customerSegmentAnswer,
  customerSegmentSchema,
  getRunAnswer,
  getSegmentAnswer,
  listMembersAnswer,
  listRunsAnswer,
  listSegmentsAnswer,
  membersParameters,
  noParameters,
  pageParameters,
  problemSchema,
  runIdParameter,
  runSummarySchema,
  segmentIdParameter,
  segmentMemberSchema,
  segmentSummarySchema,
  startRunAnswer,
  startRunBody,
  startRunInput,
} from './api.ts';
import { type Scope, scopes } from './scopes.ts';
import { segmentCardSchema } from './segments.ts';

/** The OpenAPI 3.1 document of the API, made from the very schemas that the functions check with. */

interface Operation {
  readonly path: string;
  readonly method: 'get' | 'post';
  readonly operationId: string;
  readonly summary: string;
  readonly scope: Scope;
  /** In path and query. */
  readonly parameters: z.ZodObject;
  readonly headers?: readonly HeaderParameter[];
  readonly body?: { readonly schema: z.ZodType; readonly required: boolean };
  readonly answer: z.ZodType;
  readonly status?: 200 | 202;
  /** The answer is that of one run: it has an entity tag and is not sent to who has it. */
  readonly ofRun?: boolean;
  readonly notFound?: boolean;
  /** Answers of this operation alone, by status. */
  readonly problems?: Readonly<Record<number, string>>;
}

interface HeaderParameter {
  readonly name: string;
  readonly schema: z.ZodType;
}

const ifNoneMatch: HeaderParameter = {
  name: 'If-None-Match',
  schema: z.string().optional().describe('`ETag` of an answer that the caller has: 304 while its run is live.'),
};

/** What stands under `components.schemas`, by name. */
const components: Readonly<Record<string, z.ZodType>> = {
  Problem: problemSchema,
  SegmentSummary: segmentSummarySchema,
  SegmentCard: segmentCardSchema,
  SegmentMember: segmentMemberSchema,
  CustomerSegment: customerSegmentSchema,
  RunSummary: runSummarySchema,
  SegmentsAnswer: listSegmentsAnswer,
  SegmentAnswer: getSegmentAnswer,
  SegmentMembersAnswer: listMembersAnswer,
  CustomerSegmentAnswer: customerSegmentAnswer,
  CustomerSegmentsRequest: batchGetBody,
  CustomerSegmentsAnswer: batchGetAnswer,
  ClassificationRequest: classifyBody,
  ClassificationAnswer: classifyAnswer,
  RunsAnswer: listRunsAnswer,
  RunAnswer: getRunAnswer,
  RunRequest: startRunBody,
  RunStartAnswer: startRunAnswer,
};

const operations: readonly Operation[] = [
  {
    path: '/segments',
    method: 'get',
    operationId: 'listSegments',
    summary: 'The live segments, largest first',
    scope: scopes.readSegments,
    parameters: noParameters,
    answer: listSegmentsAnswer,
    ofRun: true,
    notFound: true,
  },
  {
    path: '/segments/{segmentId}',
    method: 'get',
    operationId: 'getSegment',
    summary: "A live segment's whole card",
    scope: scopes.readSegments,
    parameters: segmentIdParameter,
    answer: getSegmentAnswer,
    ofRun: true,
    notFound: true,
  },
  {
    path: '/segments/{segmentId}/members',
    method: 'get',
    operationId: 'listSegmentMembers',
    summary: "A segment's customers, page by page; pages that follow a cursor stay those of its run",
    scope: scopes.readSegments,
    parameters: membersParameters,
    answer: listMembersAnswer,
    ofRun: true,
    notFound: true,
  },
  {
    path: '/customers/{customerId}/segment',
    method: 'get',
    operationId: 'getCustomerSegment',
    summary: 'Which segment a customer is in, how sure that is, and on what facts',
    scope: scopes.readSegments,
    parameters: customerIdParameter,
    answer: customerSegmentAnswer,
    ofRun: true,
    notFound: true,
  },
  {
    path: '/customers/segments:batchGet',
    method: 'post',
    operationId: 'batchGetCustomerSegments',
    summary: 'The segments of up to 100 customers, in their order, and whom nobody knows',
    scope: scopes.readSegments,
    parameters: noParameters,
    body: { schema: batchGetBody, required: true },
    answer: batchGetAnswer,
    notFound: true,
  },
  {
    path: '/customers:classify',
    method: 'post',
    operationId: 'classifyCustomer',
    summary: 'Which segment a customer would be in, by what the request tells of them; nothing of it is kept',
    scope: scopes.writeCustomers,
    parameters: noParameters,
    body: { schema: classifyBody, required: true },
    answer: classifyAnswer,
    notFound: true,
    problems: {
      409: 'The live run was not made from events: nobody else can be placed in it',
      413: 'The body is too large, or its new texts are too long to be embedded in time',
      422: 'Events that cannot be used, with the reasons that files of such rows are given',
    },
  },
  {
    path: '/runs',
    method: 'get',
    operationId: 'listRuns',
    summary: 'All runs, newest first',
    scope: scopes.readSegments,
    parameters: pageParameters,
    answer: listRunsAnswer,
  },
  {
    path: '/runs',
    method: 'post',
    operationId: 'startRun',
    summary: 'Starts a run now, of all files taken in so far',
    scope: scopes.admin,
    parameters: noParameters,
    headers: [{ name: 'Idempotency-Key', schema: startRunInput.shape.idempotencyKey }],
    body: { schema: startRunBody, required: false },
    answer: startRunAnswer,
    status: 202,
    problems: {
      409: 'A run is in progress; the detail names it',
      422: 'The Idempotency-Key came with another body before',
    },
  },
  {
    path: '/runs/{runId}',
    method: 'get',
    operationId: 'getRun',
    summary: 'One run: its progress, its quality, its stages',
    scope: scopes.readSegments,
    parameters: runIdParameter,
    answer: getRunAnswer,
    notFound: true,
  },
];

export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation) };
  }
  paths['/openapi.json'] = {
    get: {
      operationId: 'getOpenApi',
      summary: 'This document',
      security: [],
      responses: {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
      },
    },
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Kindred',
      version: '0.1.0',
      description: 'Customer segments: look-ups, cards, members and runs. Wherever GET is answered, HEAD is.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [scopes.readSegments] }],
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: `Scopes: ${Object.values(scopes).join(', ')}`,
        },
      },
    },
  };
}

function operationObject(operation: Operation) {
  const { operationId, summary, scope, body, status = 200, notFound, problems = {} } = operation;
  return {
    operationId,
    summary,
    security: [{ token: [scope] }],
    parameters: parameterObjects(operation),
    ...(body && {
      requestBody: { required: body.required, content: { 'application/json': { schema: reference(body.schema) } } },
    }),
    responses: {
      [status]: successObject(operation),
      ...(operation.ofRun && { 304: { description: 'The caller has this answer', headers: entityTagHeader } }),
      400: problem('A parameter or a field is not as documented'),
      401: message('No valid token'),
      403: message(`The token lacks the scope ${scope}`),
      ...(notFound && { 404: problem('Nothing of this id, or no run is live yet') }),
      ...(body && { 413: problem('The body is too large'), 415: problem('The body is not application/json') }),
      ...Object.fromEntries(Object.entries(problems).map(([code, description]) => [code, problem(description)])),
      429: message('Too many requests: try again after a second, and later each time'),
      500: problem('The request could not be answered'),
      503: { ...problem('A store did not answer in time; try again'), headers: retryAfterHeader },
    },
  };
}

function successObject({ answer, ofRun, status }: Operation) {
  const headers = { ...(ofRun && entityTagHeader), ...(status === 202 && locationHeader) };
  return {
    description: 'The answer',
    ...(Object.keys(headers).length > 0 && { headers }),
    content: { 'application/json': { schema: reference(answer) } },
  };
}

const entityTagHeader = { ETag: { description: 'The run that the answer is of', schema: { type: 'string' } } };
const locationHeader = { Location: { description: 'Path of the run', schema: { type: 'string' } } };
const retryAfterHeader = { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } } };

function parameterObjects({ path, parameters, headers = [], ofRun }: Operation): unknown[] {
  const { properties = {}, required = [] } = jsonSchema(parameters, 'input') as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  const named = Object.entries(properties).map(([name, { description, ...schema }]) => {
    const inPath = path.includes(`{${name}}`);
    return { name, in: inPath ? 'path' : 'query', required: inPath || required.includes(name), description, schema };
  });
  const inHeaders = [...headers, ...(ofRun ? [ifNoneMatch] : [])].map(({ name, schema: of }) => {
    const { description, ...schema } = jsonSchema(of, 'input');
    return { name, in: 'header', required: false, description, schema };
  });
  return [...named, ...inHeaders];
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return rest;
}

/** All components as JSON schemas that refer to one another. */
function componentSchemas(): Record<string, unknown> {
  const named = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(components)) named.add(schema, { id });
  const { schemas } = z.toJSONSchema(named, { target: 'draft-2020-12', uri: (id) => `${schemasPath}${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _id, id: _name, ...schema }]) => [id, schema]),
  );
}

const schemasPath = '#/components/schemas/';

function reference(schema: z.ZodType): { readonly $ref: string } {
  const found = Object.entries(components).find(([, component]) => component === schema);
  return { $ref: `${schemasPath}${found?.[0]}` };
}

function problem(description: string) {
  return {
    description,
    content: { 'application/problem+json': { schema: reference(problemSchema) } },
  };
}

/** What API Gateway itself answers. */
function message(description: string) {
  return {
    description,
    content: {
      'application/json': { schema: { type: 'object', properties: { message: { type: 'string' } } } },
    },
  };
}
