import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { jsonSignatureCode, ServiceError } from '../aws-json-server.ts';
import { AccessDeniedError } from '../iam/access-denied-error.ts';
import { type Listening, listen } from '../listening.ts';
import { readBody } from '../request-body.ts';
import { SignatureError, verifySignature } from '../signature-v4.ts';
import type { AsyncInvocations } from './async-invocations.ts';
import type { ModelAnswer, ModelRequest } from './model-call.ts';

/** SageMaker quota: payload of InvokeEndpoint. */
const MAX_SYNC_BODY_BYTES = 25 * 1024 * 1024;
const SYNC_TIMEOUT_MS = 60_000;
const DEFAULT_ASYNC_TIMEOUT_SECONDS = 900;
const MAX_ASYNC_TIMEOUT_SECONDS = 3600;

export interface ServedEndpoint {
  readonly arn: string;
  readonly variantName: string;
  readonly invocations: AsyncInvocations;
  readonly callModel: (request: ModelRequest) => Promise<ModelAnswer>;
}

export interface RuntimeServerOptions {
  readonly endpoints: ReadonlyMap<string, ServedEndpoint>;
  readonly lookupSecret: (accessKeyId: string) => { readonly secretAccessKey: string } | undefined;
  /** @throws AccessDeniedError unless the owner of the key may do this to the endpoint */
  readonly authorize: (accessKeyId: string, action: string, endpointArn: string) => void;
  readonly clock: () => number;
}

/** The SageMaker runtime API: InvokeEndpoint and InvokeEndpointAsync (Amazon SageMaker Runtime API reference). */
export function startRuntimeServer(options: RuntimeServerOptions, port: number): Promise<Listening> {
  const server = createServer((request, response) => {
    void answer(options, request, response);
  });
  return listen(server, port, 'sagemaker runtime');
}

async function answer(
  options: RuntimeServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const body = await readBody(request, MAX_SYNC_BODY_BYTES);
    const { accessKeyId } = verifySignature(
      { method: request.method ?? '', url: request.url ?? '', headers: request.headers },
      { ...options, service: 'sagemaker', bodySha256: createHash('sha256').update(body).digest('hex') },
    );
    const [, name, action] = /^\/endpoints\/([^/]+)\/(invocations|async-invocations)$/.exec(request.url ?? '') ?? [];
    if (request.method !== 'POST' || name === undefined) {
      throw new ServiceError(
        'UnknownOperationException',
        `${request.method} ${request.url} is not known here; known are POST /endpoints/{name}/invocations and …/async-invocations`,
        404,
      );
    }
    const endpoint = options.endpoints.get(decodeURIComponent(name));
    if (endpoint === undefined) throw new ServiceError('ValidationError', `Endpoint ${name} not found.`);
    options.authorize(
      accessKeyId,
      action === 'invocations' ? 'sagemaker:InvokeEndpoint' : 'sagemaker:InvokeEndpointAsync',
      endpoint.arn,
    );
    if (action === 'invocations') await invoke(endpoint, request, body, response);
    else invokeAsync(endpoint, request, response);
  } catch (error) {
    refuse(response, error);
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

async function invoke(
  { callModel, variantName }: ServedEndpoint,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const result = await callModel({
    body,
    headers: {
      'content-type': header(request, 'content-type') ?? 'application/octet-stream',
      accept: header(request, 'accept') ?? '*/*',
    },
    timeoutMs: SYNC_TIMEOUT_MS,
  });
  if (result.status < 200 || result.status >= 300) {
    const message = result.body.toString('utf8');
    const kind = result.status < 500 ? 'client' : 'server';
    sendJson(response, 424, 'ModelError', {
      ErrorCode: kind === 'client' ? 'CLIENT_ERROR_FROM_MODEL' : 'SERVER_ERROR_FROM_MODEL',
      Message: `Received ${kind} error (${result.status}) from model with message "${message}".`,
      OriginalMessage: message,
      OriginalStatusCode: result.status,
    });
    return;
  }
  response.writeHead(200, {
    'content-type': result.contentType,
    'content-length': result.body.length,
    'x-amzn-invoked-production-variant': variantName,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(result.body);
}

function invokeAsync({ invocations }: ServedEndpoint, request: IncomingMessage, response: ServerResponse): void {
  const inputLocation = header(request, 'x-amzn-sagemaker-inputlocation');
  if (inputLocation === undefined || !/^s3:\/\/[^/]+\/.+$/s.test(inputLocation)) {
    throw new ServiceError('ValidationError', `InputLocation must be s3://bucket/key, got ${inputLocation}.`);
  }
  const timeoutSeconds = Number(
    header(request, 'x-amzn-sagemaker-invocationtimeoutseconds') ?? DEFAULT_ASYNC_TIMEOUT_SECONDS,
  );
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > MAX_ASYNC_TIMEOUT_SECONDS) {
    throw new ServiceError(
      'ValidationError',
      `InvocationTimeoutSeconds must be 1 to ${MAX_ASYNC_TIMEOUT_SECONDS}, got ${timeoutSeconds}.`,
    );
  }
  const inferenceId = header(request, 'x-amzn-sagemaker-inference-id') ?? randomUUID();
  const { outputLocation, failureLocation } = invocations.submit({
    inputLocation,
    inferenceId,
    contentType: header(request, 'x-amzn-sagemaker-content-type'),
    accept: header(request, 'x-amzn-sagemaker-accept'),
    customAttributes: header(request, 'x-amzn-sagemaker-custom-attributes'),
    timeoutMs: timeoutSeconds * 1000,
  });
  const body = JSON.stringify({ InferenceId: inferenceId });
  response.writeHead(202, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': randomUUID(),
    'x-amzn-sagemaker-outputlocation': outputLocation,
    'x-amzn-sagemaker-failurelocation': failureLocation,
  });
  response.end(body);
}

function refuse(response: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ServiceError) sendJson(response, error.status, error.code, { Message: message });
  else if (error instanceof AccessDeniedError) sendJson(response, 403, error.code, { Message: message });
  else if (error instanceof SignatureError) sendJson(response, 403, jsonSignatureCode(error), { Message: message });
  else sendJson(response, 500, 'InternalFailure', { Message: message });
}

function sendJson(response: ServerResponse, status: number, errorType: string, content: object): void {
  const body = JSON.stringify(content);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-amzn-errortype': errorType,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(body);
}
