/** `npm run client-types`: writes `clients/kindred-api.d.ts` anew from the API's OpenAPI document. */
import { writeFileSync } from 'node:fs';
import { openApiDocument } from '../contracts/openapi.ts';
import { clientTypes, type OpenApiDocument } from './client-types.ts';

const path = new URL('./kindred-api.d.ts', import.meta.url);
writeFileSync(path, clientTypes(openApiDocument() as unknown as OpenApiDocument));
