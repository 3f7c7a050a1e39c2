import * as z from 'zod';
import { noParameters } from '../../contracts/api.ts';
import { openApiDocument } from '../../contracts/openapi.ts';
import { routeFunction } from '../wiring/route-function.ts';

/** The API's own description, for clients and their generators. */

export async function getOpenApi(): Promise<Record<string, unknown>> {
  return openApiDocument();
}

export const handler = routeFunction({
  name: 'get-openapi',
  input: noParameters,
  output: z.record(z.string(), z.unknown()),
  createDeps: () => ({}),
  step: getOpenApi,
});
