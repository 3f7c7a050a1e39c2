import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ScriptedService, startScriptedService } from '../test/harness/scripted-service.ts';
import { CorruptRecordError, NotStoredError, StorageUnavailableError } from './errors.ts';
import { ObjectReader } from './object-reader.ts';

/** Answers as the S3 API reference has them: "Error responses" and GetObject. */

let service: ScriptedService;
let reader: ObjectReader;

beforeEach(async () => {
  service = await startScriptedService('s3');
  reader = new ObjectReader('data', service.access);
});
afterEach(async () => {
  reader.close();
  await service.close();
});

const error = (code: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>m</Message></Error>`;

test('an object is fetched whole, its key encoded as Signature Version 4 encodes it, with the session token', async () => {
  service.answer = () => ({ status: 200, body: '{"a":1}' });
  expect(await reader.getJson("runs/x y+z!*'()/ü.json", (value) => value)).toEqual({ a: 1 });
  expect(service.requests[0]?.url).toBe('/data/runs/x%20y%2Bz%21%2A%27%28%29/%C3%BC.json');
  expect(service.requests[0]?.headers['x-amz-security-token']).toBe('session');
});

test('an object that is not there is NotStoredError, or found to be nothing', async () => {
  service.answer = () => ({ status: 404, body: error('NoSuchKey') });
  await expect(reader.get('a')).rejects.toBeInstanceOf(NotStoredError);
  expect(await reader.findJson('a', (value) => value)).toBeUndefined();
});

test('what is not JSON is CorruptRecordError', async () => {
  service.answer = () => ({ status: 200, body: 'nonsense' });
  await expect(reader.getJson('a', (value) => value)).rejects.toBeInstanceOf(CorruptRecordError);
});

test('a bucket that slows callers down is asked again, five times at most', async () => {
  service.answer = (_request, attempt) =>
    attempt < 5 ? { status: 503, body: error('SlowDown') } : { status: 200, body: '{}' };
  expect(await reader.getJson('a', (value) => value)).toEqual({});
  service.answer = () => ({ status: 503, body: error('SlowDown') });
  await expect(reader.get('a')).rejects.toBeInstanceOf(StorageUnavailableError);
  expect(service.requests.length).toBe(10);
});

test('a denial is told at once, by name', async () => {
  service.answer = () => ({ status: 403, body: error('AccessDenied') });
  await expect(reader.get('a')).rejects.toMatchObject({ name: 'AccessDenied', status: 403 });
  expect(service.requests.length).toBe(1);
});

test('requests after one another share a connection', async () => {
  for (let i = 0; i < 3; i += 1) await reader.get('a');
  expect(service.connections()).toBe(1);
});
