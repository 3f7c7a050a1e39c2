import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { safetensorsContentType } from '../contracts/model-jobs.ts';
import { errorAnswer } from '../model-jobs/error-answers.ts';
import { ModelJobError } from '../model-jobs/job-error.ts';
import type { Job } from '../model-jobs/jobs.ts';

export interface ModelHttpOptions {
  /** Jobs by the content type of their body. */
  readonly jobs: Readonly<Record<string, Job>>;
  /** Jobs of one content type accepted at a time. */
  readonly maxJobs: number;
  readonly maxBodyBytes: number;
  /** Receives one record per job. */
  readonly log: (record: Readonly<Record<string, unknown>>) => void;
  readonly monotonicMs: () => number;
}

export interface ModelHttpServer {
  readonly server: Server;
  /** Takes no more connections or jobs; resolves when the accepted jobs are answered. */
  drain(): Promise<void>;
}

/**
 * SageMaker's container interface (https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html): GET /ping
 * and POST /invocations. The workers are warm before this server exists, so /ping answers 200 until the drain, then 503.
 */
export function createModelHttpServer({
  jobs,
  maxJobs,
  maxBodyBytes,
  log,
  monotonicMs,
}: ModelHttpOptions): ModelHttpServer {
  const accepted = new Map<string, number>();
  let draining = false;

  async function invoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const contentType = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
    const startedMs = monotonicMs();
    const running = accepted.get(contentType) ?? 0;
    try {
      if (draining) throw new ModelJobError('TOO_BUSY', 'this server is shutting down; send the job again');
      const job = Object.hasOwn(jobs, contentType) ? jobs[contentType] : undefined;
      if (job === undefined) {
        throw new ModelJobError(
          'INVALID_JOB',
          `content type "${contentType}" is no job; allowed: ${Object.keys(jobs).join(', ')}`,
        );
      }
      if (running >= maxJobs) {
        throw new ModelJobError(
          'TOO_BUSY',
          `${running} jobs are accepted already, at most ${maxJobs} are; send the job again later`,
        );
      }
      accepted.set(contentType, running + 1);
      try {
        const body = await job(await readBody(request, maxBodyBytes), abortedByCaller(response));
        answer(response, 200, safetensorsContentType, body);
        log({ level: 'info', event: 'job-done', contentType, durationMs: Math.round(monotonicMs() - startedMs) });
      } finally {
        accepted.set(contentType, accepted.get(contentType)! - 1);
      }
    } catch (error) {
      const { status, body } = errorAnswer(error);
      const unexpected =
        body.code === 'INTERNAL' && error instanceof Error ? { stack: error.stack, cause: String(error.cause) } : {};
      log({
        level: body.code === 'INTERNAL' ? 'error' : 'warn',
        event: 'job-refused',
        contentType,
        status,
        ...body,
        ...unexpected,
      });
      if (body.retryable) response.setHeader('retry-after', '1');
      // The rest of a body that nobody reads would keep the connection waiting.
      if (!request.complete) response.setHeader('connection', 'close');
      answer(response, status, 'application/json', Buffer.from(JSON.stringify(body)));
    }
  }

  function answer(response: ServerResponse, status: number, contentType: string, body: Uint8Array): void {
    if (draining) response.setHeader('connection', 'close');
    response.writeHead(status, { 'content-type': contentType, 'content-length': body.byteLength }).end(body);
  }

  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/ping') {
      answer(response, draining ? 503 : 200, 'application/json', Buffer.from('{}'));
    } else if (request.method === 'POST' && request.url === '/invocations') {
      void invoke(request, response);
    } else {
      answer(response, 404, 'application/json', Buffer.from('{"message":"use GET /ping or POST /invocations"}'));
    }
  });
  // A training answer may take as long as SageMaker waits for it; the body of a job may come slowly.
  server.requestTimeout = 0;

  return {
    server,
    drain() {
      draining = true;
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function readBody(request: IncomingMessage, maxBodyBytes: number): Promise<Buffer> {
  const tooLarge = (bytes: number) =>
    new ModelJobError(
      'INVALID_JOB',
      `the body has ${bytes} bytes or more; at most ${maxBodyBytes} are allowed: split the job`,
    );
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBodyBytes) throw tooLarge(declared);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw tooLarge(bytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** Aborts when the caller goes away before it has its answer. */
function abortedByCaller(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished)
      controller.abort(new ModelJobError('TOO_BUSY', 'the caller went away before the answer'));
  });
  return controller.signal;
}
