import * as z from 'zod';
import {
  customerIdParameter,
  customerSegmentAnswer,
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
  segmentIdParameter,
} from './api.ts';

/** The OpenAPI 3.1 document of the API, made from the very schemas that the functions check with. */

interface Operation {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: z.ZodObject;
  readonly answer: z.ZodType;
  readonly notFound?: boolean;
}

const readScope = 'kindred/segments:read';

const operations: readonly Operation[] = [
  {
    path: '/segments',
    operationId: 'listSegments',
    summary: 'The live segments, largest first',
    parameters: noParameters,
    answer: listSegmentsAnswer,
    notFound: true,
  },
  {
    path: '/segments/{segmentId}',
    operationId: 'getSegment',
    summary: "A live segment's whole card",
    parameters: segmentIdParameter,
    answer: getSegmentAnswer,
    notFound: true,
  },
  {
    path: '/segments/{segmentId}/members',
    operationId: 'listSegmentMembers',
    summary: "A segment's customers, page by page",
    parameters: membersParameters,
    answer: listMembersAnswer,
    notFound: true,
  },
  {
    path: '/customers/{customerId}/segment',
    operationId: 'getCustomerSegment',
    summary: 'Which segment a customer is in, how sure that is, and on what facts',
    parameters: customerIdParameter,
    answer: customerSegmentAnswer,
    notFound: true,
  },
  {
    path: '/runs',
    operationId: 'listRuns',
    summary: 'All runs, newest first',
    parameters: pageParameters,
    answer: listRunsAnswer,
  },
  {
    path: '/runs/{runId}',
    operationId: 'getRun',
    summary: 'One run: its progress, its quality, its stages',
    parameters: runIdParameter,
    answer: getRunAnswer,
    notFound: true,
  },
];

export function openApiDocument(): Record<string, unknown> {
  const paths: Record<string, unknown> = {};
  for (const operation of operations) paths[operation.path] = { get: operationObject(operation) };
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
      description: 'Customer segments: look-ups, cards, members and runs.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [readScope] }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(problemSchema) },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function operationObject({ path, operationId, summary, parameters, answer, notFound }: Operation) {
  return {
    operationId,
    summary,
    parameters: parameterObjects(path, parameters),
    responses: {
      200: { description: 'The answer', content: { 'application/json': { schema: jsonSchema(answer) } } },
      400: problem('A parameter is not as documented'),
      401: message('No valid token'),
      403: message(`The token lacks the scope ${readScope}`),
      ...(notFound ? { 404: problem('Nothing of this id, or no run is live yet') } : {}),
      429: message('Too many requests; try again later'),
      500: problem('The request could not be answered'),
    },
  };
}

function parameterObjects(path: string, parameters: z.ZodObject): unknown[] {
  const { properties = {}, required = [] } = jsonSchema(parameters, 'input') as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
    const inPath = path.includes(`{${name}}`);
    return { name, in: inPath ? 'path' : 'query', required: inPath || required.includes(name), description, schema };
  });
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return rest;
}

function problem(description: string) {
  return {
    description,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
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
