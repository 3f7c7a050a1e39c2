import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  embedReportSchema,
  modelErrorSchema,
  safetensorsContentType,
  trainHeadReportSchema,
} from '../../contracts/model-jobs.ts';
import { Random } from '../../numerics/random.ts';
import { readSafetensors, writeSafetensors } from '../../numerics/safetensors.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';

/** The real server with its processes. */
interface RunningServer {
  readonly child: ChildProcess;
  readonly url: string;
  post(contentType: string, body: string | Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<Response>;
}

async function startServer(environment: Record<string, string> = {}): Promise<RunningServer> {
  const child = fork(new URL('../../model-container/server.ts', import.meta.url), {
    env: { ...process.env, SAGEMAKER_BIND_TO_PORT: '0', BIND_ADDRESS: '127.0.0.1', ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ listening }] = (await once(child, 'message')) as [{ listening: number }];
  const url = `http://127.0.0.1:${listening}`;
  return {
    child,
    url,
    post: (contentType, body, signal) =>
      fetch(`${url}/invocations`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
        ...(signal === undefined ? {} : { signal }),
      }),
  };
}

const model = 'all-MiniLM-L6-v2';

async function embed(server: RunningServer, texts: readonly string[], changes: object = {}) {
  const response = await server.post('application/json', JSON.stringify({ kind: 'embed', model, texts, ...changes }));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(safetensorsContentType);
  const { metadata, tensors } = readSafetensors(new Uint8Array(await response.arrayBuffer()));
  const report = embedReportSchema.parse(JSON.parse(metadata.job!));
  const vectors = tensors.vectors!.data as Float32Array;
  const row = (index: number) => vectors.subarray(index * report.dims, (index + 1) * report.dims);
  return { report, dims: tensors.vectors!.dims, row };
}

/** Rows of `classes` clouds that a linear head can tell apart. */
function trainingBody(n: number, dims: number, classes: number, options: object = {}) {
  const random = new Random(1);
  const centres = Float32Array.from({ length: classes * dims }, () => random.normal());
  const labels = Int32Array.from({ length: n }, () => random.int(classes));
  const vectors = Float32Array.from(
    { length: n * dims },
    (_, at) => centres[labels[Math.floor(at / dims)]! * dims + (at % dims)]! + random.normal(),
  );
  const body = writeSafetensors(
    {
      vectors: { type: 'float32', dims: [n, dims], data: vectors },
      labels: { type: 'int32', dims: [n], data: labels },
    },
    { job: JSON.stringify({ kind: 'train-head', classes, ...options }) },
  );
  return { body: body as Uint8Array<ArrayBuffer>, vectors, labels };
}

async function refusal(response: Response) {
  return { status: response.status, ...modelErrorSchema.parse(await response.json()) };
}

describe('a running server', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    server.child.kill('SIGTERM');
    await once(server.child, 'exit');
  });

  test('embeds in the order of the request, with the same bits whatever stands beside a text', async () => {
    const texts = Array.from(
      { length: 150 },
      (_, index) => `product ${index} ${'with a long name '.repeat(index % 7)}`,
    );
    const all = await embed(server, texts);
    expect(all.dims).toEqual([150, 384]);
    expect(all.report.texts).toBe(150);
    const backwards = await embed(server, texts.toReversed());
    for (const index of texts.keys()) expect(backwards.row(149 - index)).toEqual(all.row(index));
    for (const index of [0, 77, 149]) {
      const alone = await embed(server, [texts[index]!]);
      expect(alone.row(0)).toEqual(all.row(index));
      expect(Math.hypot(...alone.row(0))).toBeCloseTo(1, 6);
    }
    expect(all.row(0)).not.toEqual(all.row(1));
  });

  test('a text of several windows is not cut off: its end counts', async () => {
    const start = 'soft toy '.repeat(400);
    const { row, report } = await embed(server, [`${start}for children`, `${start}made of steel`]);
    expect(report.tokens).toBeGreaterThan(2 * 800);
    expect(row(0)).not.toEqual(row(1));
  });

  test('refuses a job for vectors of another profile and names its own', async () => {
    const { report } = await embed(server, ['a']);
    expect((await embed(server, ['a'], { expectedProfileId: report.profileId })).report.profileId).toBe(
      report.profileId,
    );
    const job = { kind: 'embed', model, texts: ['a'], expectedProfileId: 'other' };
    expect(await refusal(await server.post('application/json', JSON.stringify(job)))).toMatchObject({
      status: 409,
      code: 'PROFILE_CHANGED',
      retryable: false,
      message: expect.stringContaining(report.profileId),
    });
  });

  test('trains a head that its own ONNX file reproduces, twice with the same bytes', async () => {
    const { body, vectors, labels } = trainingBody(1500, 20, 4, { maxEpochs: 30 });
    const files = [];
    for (let time = 0; time < 2; time += 1) {
      const response = await server.post(safetensorsContentType, body);
      expect(response.status).toBe(200);
      files.push(readSafetensors(new Uint8Array(await response.arrayBuffer())));
    }
    const [first, second] = files as [(typeof files)[0], (typeof files)[0]];
    expect(second.tensors).toEqual(first.tensors);
    const report = trainHeadReportSchema.parse(JSON.parse(first.metadata.job!));
    expect(report).toMatchObject({ classes: 4, dims: 20, trainedRows: 1350, validationRows: 150 });
    expect(first.tensors.curves!.dims).toEqual([report.epochs, 4]);
    expect(report.validationAccuracy).toBeGreaterThan(0.95);

    const session = await createInProcessRunner({ intraOpThreads: 1 }).open(first.tensors.model!.data as Uint8Array);
    const { probabilities } = await session.run({ vectors: { type: 'float32', dims: [1500, 20], data: vectors } });
    const p = probabilities!.data as Float32Array;
    const right = labels.filter((label, row) =>
      [0, 1, 2, 3].every((other) => p[row * 4 + other]! <= p[row * 4 + label]!),
    ).length;
    expect(right / 1500).toBeGreaterThan(0.95);
    await session.close();
  });

  test('answers /ping during a long training, which ends with its caller', async () => {
    const caller = new AbortController();
    const { body } = trainingBody(7000, 100, 6, { maxEpochs: 1_000_000, patienceEpochs: 1_000_000 });
    const training = server.post(safetensorsContentType, body, caller.signal).catch(() => 'ended by its caller');
    let ended = false;
    void training.then(() => {
      ended = true;
    });
    for (let pings = 0; pings < 100; pings += 1) {
      const response = await fetch(`${server.url}/ping`);
      await response.arrayBuffer();
      expect([response.status, ended]).toEqual([200, false]);
    }
    caller.abort();
    expect(await training).toBe('ended by its caller');
    const next = await server.post(safetensorsContentType, trainingBody(100, 3, 2).body);
    expect(next.status).toBe(200);
    await next.arrayBuffer();
  });

  test.each<[string, number, string, object]>([
    ['a model that is not here', 404, 'UNKNOWN_MODEL', { kind: 'embed', model: 'constructor', texts: ['a'] }],
    ['no texts', 400, 'INVALID_JOB', { kind: 'embed', model, texts: [] }],
    ['a field that it does not know', 400, 'INVALID_JOB', { kind: 'embed', model, texts: ['a'], normalise: false }],
    ['a kind of another content type', 400, 'INVALID_JOB', { kind: 'train-head', classes: 2 }],
  ])('refuses an embed job with %s', async (_, status, code, job) => {
    const answer = await refusal(await server.post('application/json', JSON.stringify(job)));
    expect(answer).toMatchObject({ status, code, retryable: false });
  });

  test('refuses JSON that is none without quoting it', async () => {
    const answer = await refusal(await server.post('application/json', '{"texts": ["secret words'));
    expect(answer).toMatchObject({ status: 400, code: 'INVALID_JOB' });
    expect(answer.message).not.toContain('secret');
  });

  test('refuses training jobs whose tensors do not fit', async () => {
    const metadata = { job: JSON.stringify({ kind: 'train-head', classes: 2 }) };
    const vectors = { type: 'float32', dims: [2, 1], data: new Float32Array(2) } as const;
    const labels = (...values: number[]) =>
      ({ type: 'int32', dims: [values.length], data: Int32Array.from(values) }) as const;
    const bodies: [string, Uint8Array][] = [
      ['8-byte length', Uint8Array.of(1)],
      ['not JSON', writeSafetensors({ vectors, labels: labels(0, 1) })],
      ['tensor "labels" must be int32 of rank 1, got nothing', writeSafetensors({ vectors }, metadata)],
      ['one label per row', writeSafetensors({ vectors, labels: labels(0, 1, 1) }, metadata)],
      ['row 1 has label 2', writeSafetensors({ vectors, labels: labels(0, 2) }, metadata)],
    ];
    for (const [reason, body] of bodies) {
      const answer = await refusal(await server.post(safetensorsContentType, body as Uint8Array<ArrayBuffer>));
      expect(answer).toMatchObject({ status: 400, code: 'INVALID_JOB', message: expect.stringContaining(reason) });
    }
  });
});

test('takes only as many jobs as it may and says TOO_BUSY to the others', async () => {
  const server = await startServer({ MAX_JOBS: '1', EMBEDDING_PROCESSES: '1' });
  const texts = Array.from({ length: 400 }, (_, index) => `a rather long product name, number ${index}`);
  const answers = await Promise.all(
    [0, 1, 2].map(() => server.post('application/json', JSON.stringify({ kind: 'embed', model, texts }))),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 429, 429]);
  const busy = answers.find(({ status }) => status === 429)!;
  expect(await refusal(busy)).toMatchObject({ code: 'TOO_BUSY', retryable: true });
  server.child.kill('SIGTERM');
  await once(server.child, 'exit');
});

test('on SIGTERM finishes the accepted job, takes no other and ends with status 0', async () => {
  const server = await startServer({ EMBEDDING_PROCESSES: '1' });
  const texts = Array.from({ length: 600 }, (_, index) => `another long product name, number ${index}`);
  let answered = false;
  const accepted = embed(server, texts).then((result) => {
    answered = true;
    return result;
  });
  // A job of the other kind, answered meanwhile, shows that the first one is in the server and still at work.
  expect((await server.post(safetensorsContentType, trainingBody(100, 3, 2).body)).status).toBe(200);
  expect(answered).toBe(false);
  const exited = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  expect((await accepted).dims).toEqual([600, 384]);
  expect(await exited).toEqual([0, null]);
});
