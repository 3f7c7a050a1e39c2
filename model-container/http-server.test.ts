import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Job } from '../model-jobs/jobs.ts';
import { createModelHttpServer } from './http-server.ts';

interface Gate {
  readonly job: Job;
  /** Resolves when the job has begun, with the signal that tells of the caller's going. */
  readonly begun: Promise<AbortSignal>;
  open(): void;
}

/** A job that answers with its body once the gate opens. */
function gatedJob(): Gate {
  const begun = Promise.withResolvers<AbortSignal>();
  const gate = Promise.withResolvers<void>();
  return {
    begun: begun.promise,
    open: gate.resolve,
    async job(body, signal) {
      begun.resolve(signal);
      await gate.promise;
      return body;
    },
  };
}

async function serve(job: Job, limits = { maxJobs: 4, maxBodyBytes: 1000 }) {
  const records: unknown[] = [];
  const http = createModelHttpServer({
    jobs: { 'application/json': job },
    ...limits,
    log: (record) => records.push(record),
    monotonicMs: () => 0,
  });
  http.server.listen(0, '127.0.0.1');
  await once(http.server, 'listening');
  onTestFinished(() => {
    http.server.closeAllConnections();
    http.server.close();
  });
  const url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`;
  const post = (body: string | ReadableStream, init: RequestInit = {}) =>
    fetch(`${url}/invocations`, { method: 'POST', headers: { 'content-type': 'application/json' }, body, ...init });
  return { url, post, http, records };
}

test('answers a job with its bytes', async () => {
  const { post } = await serve(async (body) => Uint8Array.from(body).reverse());
  const response = await post('abc');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-safetensors');
  expect(await response.text()).toBe('cba');
});

test('refuses a job beyond the limit with TOO_BUSY and takes the next when one is done', async () => {
  const gate = gatedJob();
  const { post } = await serve(gate.job, { maxJobs: 1, maxBodyBytes: 10 });
  const first = post('one');
  await gate.begun;
  const refused = await post('two');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ code: 'TOO_BUSY', retryable: true });
  gate.open();
  expect(await (await first).text()).toBe('one');
  expect((await post('three')).status).toBe(200);
});

test('refuses a body beyond the limit, whether its length is declared or not', async () => {
  const { post } = await serve(async (body) => body, { maxJobs: 4, maxBodyBytes: 10 });
  expect((await post('0123456789')).status).toBe(200);
  const declared = await post('0123456789a');
  expect(declared.status).toBe(400);
  expect(await declared.json()).toMatchObject({ code: 'INVALID_JOB', retryable: false });
  const stream = new Blob(['012345', '6789a']).stream();
  const streamed = await post(stream, { duplex: 'half' } as RequestInit);
  expect(streamed.status).toBe(400);
});

test('refuses other content types and other paths', async () => {
  const { url, post } = await serve(async (body) => body);
  const response = await post('x', { headers: { 'content-type': 'text/csv' } });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ message: expect.stringContaining('"text/csv"') });
  expect((await fetch(`${url}/other`)).status).toBe(404);
});

test('an unforeseen failure tells the caller nothing from inside and the log everything', async () => {
  const { post, records } = await serve(async () => {
    throw new Error('inner detail');
  });
  const response = await post('x');
  expect(response.status).toBe(500);
  const body = await response.text();
  expect(JSON.parse(body)).toMatchObject({ code: 'INTERNAL', retryable: false });
  expect(body).not.toContain('inner detail');
  expect(records).toEqual([
    expect.objectContaining({ level: 'error', stack: expect.stringContaining('inner detail') }),
  ]);
});

test('tells the job when its caller goes away', async () => {
  const gate = gatedJob();
  const { post } = await serve(gate.job);
  const caller = new AbortController();
  const abandoned = post('x', { signal: caller.signal });
  const signal = await gate.begun;
  caller.abort();
  await expect(abandoned).rejects.toThrow();
  if (!signal.aborted) await once(signal, 'abort');
  expect(signal.reason).toMatchObject({ code: 'TOO_BUSY' });
  gate.open();
});

test('drains: the accepted job is answered, a new one is refused, then it is over', async () => {
  const gate = gatedJob();
  const { url, post, http } = await serve(gate.job);
  expect((await fetch(`${url}/ping`)).status).toBe(200);
  const accepted = post('x');
  await gate.begun;
  const drained = http.drain();
  await expect(fetch(`${url}/ping`, { headers: { connection: 'close' } })).rejects.toThrow();
  gate.open();
  expect(await (await accepted).text()).toBe('x');
  await drained;
});
