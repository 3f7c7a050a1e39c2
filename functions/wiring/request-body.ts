import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { maxBodyBytes } from '../../contracts/api.ts';
import { ApiProblem } from './api-problem.ts';

/** The JSON of a request's body, undefined without one. @throws ApiProblem 413, 415 or 400 */
export function jsonBodyOf({ body, isBase64Encoded, headers }: APIGatewayProxyEventV2): unknown {
  if (!body) return undefined;
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maxBodyBytes) {
    const detail = `The body has ${bytes.length} bytes; at most ${maxBodyBytes} are taken.`;
    throw new ApiProblem(413, 'Body too large', detail);
  }
  const type = headers['content-type'] ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    const detail = `The body's content type is "${type}"; send application/json.`;
    throw new ApiProblem(415, 'Unsupported media type', detail);
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ApiProblem(400, 'Bad request', 'body: is not JSON');
  }
}
