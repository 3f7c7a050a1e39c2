import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { accessFromEnvironment, MissingAccessError } from './signed-service.ts';

/** Names and order as in the AWS SDKs and Tools Reference Guide, "Service-specific endpoints" and "Environment variables". */

beforeEach(() => {
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_DYNAMODB', 'AWS_SESSION_TOKEN'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterEach(() => vi.unstubAllEnvs());

const access = () => accessFromEnvironment('DYNAMODB', 'dynamodb');

test('the region, the credentials with their session token and the endpoint are those of the environment', () => {
  vi.stubEnv('AWS_SESSION_TOKEN', 'token');
  expect(access()).toEqual({
    endpoint: 'https://dynamodb.eu-west-1.amazonaws.com',
    region: 'eu-west-1',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'token' },
  });
});

test('regions in China have endpoints of their own', () => {
  vi.stubEnv('AWS_REGION', 'cn-north-1');
  expect(access().endpoint).toBe('https://dynamodb.cn-north-1.amazonaws.com.cn');
});

test("an endpoint for the service goes before one for all, and that before the region's", () => {
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
  expect(access().endpoint).toBe('http://127.0.0.1:1');
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', 'http://127.0.0.1:2');
  expect(access().endpoint).toBe('http://127.0.0.1:2');
});

test('what is missing is said', () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  expect(access).toThrow(MissingAccessError);
});
