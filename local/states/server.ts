import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OPERATIONS } from './api.ts';
import type { StatesEngine } from './engine.ts';
import { StatesApiError } from './errors.ts';

const TARGET_PREFIX = 'AWSStepFunctions.';
const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** A request as its signature covers it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface StatesServerOptions {
  readonly engine: StatesEngine;
  /** 0 for any free port. */
  readonly port: number;
  readonly host: string;
  /** Checks the signature and answers who calls; throws an error with a `code` to refuse. */
  readonly verify?: (request: ReceivedRequest) => unknown;
  /** Checks that the caller may do this; throws an error with a `code` to refuse. */
  readonly authorize?: (check: {
    readonly caller: unknown;
    readonly action: string;
    readonly resource: string;
  }) => void | Promise<void>;
}

export interface StatesServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Serves the Step Functions API over HTTP in the AWS JSON 1.0 protocol, as the SDKs speak it. */
export async function startStatesServer(options: StatesServerOptions): Promise<StatesServer> {
  const server = createServer((request, response) => {
    answer(options, request).then(
      ({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify(body));
      },
      (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, options: StatesServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => resolve());
  });
}

async function answer(options: StatesServerOptions, request: IncomingMessage): Promise<Answer> {
  try {
    const body = await readBody(request);
    return { status: 200, body: await perform(options, request, body) };
  } catch (error) {
    return errorAnswer(error);
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES)
      throw new StatesApiError('ValidationException', `The request has more than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function perform(options: StatesServerOptions, request: IncomingMessage, body: Buffer): Promise<unknown> {
  const { method = '', url = '/', headers } = request;
  const caller = await options.verify?.({ method, url, headers, body });
  const target = String(headers['x-amz-target'] ?? '');
  const name = target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : '';
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (method !== 'POST' || !operation) {
    throw new StatesApiError(
      'UnknownOperationException',
      `The operation '${name || target || `${method} ${url}`}' is not served here; served are ${Object.keys(OPERATIONS).join(', ')}.`,
    );
  }
  const input = parseBody(body);
  await options.authorize?.({ caller, action: `states:${name}`, resource: operation.resource(input) });
  return operation.run(options.engine, input);
}

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8') || '{}');
  } catch {
    throw new StatesApiError('SerializationException', 'The request body is not a JSON text.');
  }
}

/** Errors with a `code` are answers; anything else is a fault of this server, told as one. */
function errorAnswer(error: unknown): Answer {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 400;
    return { status, body: { __type: error.code, message: error.message } };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { status: 500, body: { __type: 'InternalServerError', message } };
}
