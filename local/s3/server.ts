import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { type Credential, SignatureError, verifySignature } from '../signature-v4.ts';
import { openDiskStore } from './disk-store.ts';
import { S3Engine } from './engine.ts';
import { S3Error } from './errors.ts';
import type { S3Event } from './events.ts';
import {
  createBucket,
  deleteObjects,
  headBucket,
  listBuckets,
  listObjectsV2,
  listObjectVersions,
} from './operations/buckets.ts';
import { copyObject, copySourceOf, deleteObject, getObject, putObject } from './operations/objects.ts';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listParts,
  uploadPart,
} from './operations/uploads.ts';
import {
  type Authorize,
  allowAll,
  asAccessDenied,
  deletePermission,
  type Permission,
  readPermission,
  requiredPermission,
} from './permissions.ts';
import type { S3Request, S3Response } from './requests.ts';
import { type OperationName, parseTarget, routeOperation } from './routing.ts';
import { xmlErrorDocument } from './xml.ts';

export interface S3Options {
  /** State lives here and survives restarts and kills; one server at a time. */
  readonly dataDir: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly host?: string;
  /** Created if they are not there. */
  readonly buckets: readonly { readonly name: string; readonly versioned: boolean }[];
  readonly credentials: ReadonlyMap<string, Credential> | ((accessKeyId: string) => Credential | undefined);
  /** Left out, requests may be signed for any region. */
  readonly region?: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Unique 32-character lower-case hexadecimal text; random unless given. */
  readonly newId?: () => string;
  /** Told of each change to an object once it is durable; must not throw. */
  readonly onEvent: (event: S3Event) => void;
  /** The sequencer of the last event heard: later ones that the store knows of are told again at the start. Default: none is. */
  readonly heardSequencer?: string;
  /** Default: everything is allowed. */
  readonly authorize?: Authorize;
  /** Whether an accepted write survives a power failure, not only the death of the process. Default: no. */
  readonly fsync?: boolean;
  /** Told of failures that clients see as InternalError. Default: the console. */
  readonly onFailure?: (error: unknown, requestId: string) => void;
}

export interface RunningS3 {
  /** `http://host:port`, for `AWS_ENDPOINT_URL_S3`. */
  readonly url: string;
  readonly port: number;
  /** Ends open connections, lets what they asked for end, and closes the store. */
  close(): Promise<void>;
}

const SMALL_BODY_BYTES = 256 * 1024;
/** Longer than SDKs keep an idle connection, so that they never write into one that is being closed. */
const KEEP_ALIVE_MS = 75_000;

/** Starts the embedded S3 on a port of this machine. */
export async function startS3(options: S3Options): Promise<RunningS3> {
  const { host = '127.0.0.1', credentials, fsync = false, newId = randomId, onFailure = logFailure } = options;
  const engine = await S3Engine.open({
    store: openDiskStore({ dataDir: options.dataDir, fsync }),
    clock: options.clock,
    newId,
    onEvent: options.onEvent,
    ...(options.heardSequencer === undefined ? {} : { heardSequencer: options.heardSequencer }),
  });
  for (const { name, versioned } of options.buckets) await engine.ensureBucket(name, versioned);

  const lookupSecret =
    typeof credentials === 'function' ? credentials : (accessKeyId: string) => credentials.get(accessKeyId);
  const gate: Gate = {
    engine,
    lookupSecret,
    region: options.region,
    clock: options.clock,
    authorize: options.authorize ?? allowAll,
  };
  const answers = new Set<Promise<void>>();
  const server = createServer((incoming, outgoing) => {
    const requestId = newId();
    outgoing.setHeader('x-amz-request-id', requestId);
    outgoing.setHeader('server', 'AmazonS3');
    const answered = answer(gate, incoming)
      .catch((error: unknown) => errorResponse(error, incoming, requestId, onFailure))
      .then((response) => send(response, incoming, outgoing))
      .catch((error: unknown) => {
        if (!outgoing.writableFinished) outgoing.destroy();
        if (!isDisconnect(error)) onFailure(error, requestId);
      })
      .finally(() => answers.delete(answered));
    answers.add(answered);
  });
  server.requestTimeout = 0;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await Promise.all(answers);
      await engine.close();
    },
  };
}

/** What stands between a request and the engine. */
interface Gate {
  readonly engine: S3Engine;
  readonly lookupSecret: (accessKeyId: string) => Credential | undefined;
  readonly region: string | undefined;
  readonly clock: () => number;
  readonly authorize: Authorize;
}

async function answer(gate: Gate, incoming: IncomingMessage): Promise<S3Response> {
  const { method = 'GET', url = '/', headersDistinct } = incoming;
  const signature = verifySignature(
    { method, url, headers: headersDistinct },
    {
      lookupSecret: gate.lookupSecret,
      service: 's3',
      clock: gate.clock,
      ...(gate.region === undefined ? {} : { region: gate.region }),
    },
  );
  const target = parseTarget(url, incoming.headers.host ?? '');
  const headers = { ...target.hoistedHeaders, ...joined(headersDistinct) };
  const operation = routeOperation(method, target, headers);
  return perform(gate, operation, { ...target, headers, body: incoming, signature });
}

async function perform({ engine, authorize }: Gate, operation: OperationName, request: S3Request): Promise<S3Response> {
  const { accessKeyId } = request.signature;
  const permit = async (permission: Permission) => {
    try {
      await authorize({ accessKeyId, ...permission });
    } catch (error) {
      throw asAccessDenied(error);
    }
  };
  const permission = requiredPermission(operation, request, request.headers);
  if (permission !== undefined) await permit(permission);
  switch (operation) {
    case 'ListBuckets':
      return listBuckets(engine);
    case 'CreateBucket':
      return createBucket(engine, request);
    case 'HeadBucket':
      return headBucket(engine, request);
    case 'ListObjectsV2':
      return listObjectsV2(engine, request);
    case 'ListObjectVersions':
      return listObjectVersions(engine, request);
    case 'DeleteObjects':
      return deleteObjects(engine, request, (key, versionId) =>
        permit(deletePermission(request.bucket, key, versionId)),
      );
    case 'PutObject':
      return putObject(engine, request);
    case 'GetObject':
    case 'HeadObject':
      return revealingAbsence(permit, request.bucket, () => getObject(engine, request, operation === 'GetObject'));
    case 'DeleteObject':
      return deleteObject(engine, request);
    case 'CopyObject': {
      const source = copySourceOf(request.headers['x-amz-copy-source'] ?? '');
      await permit(readPermission(source.bucket, source.key, source.versionId));
      return revealingAbsence(permit, source.bucket, () => copyObject(engine, request, source));
    }
    case 'CreateMultipartUpload':
      return createMultipartUpload(engine, request);
    case 'UploadPart':
      return uploadPart(engine, request);
    case 'CompleteMultipartUpload':
      return completeMultipartUpload(engine, request);
    case 'AbortMultipartUpload':
      return abortMultipartUpload(engine, request);
    case 'ListParts':
      return listParts(engine, request);
  }
}

/**
 * "If you have the s3:ListBucket permission on the bucket, Amazon S3 returns an HTTP status code 404 (Not Found) error. If you don't have the
 * s3:ListBucket permission, Amazon S3 returns an HTTP status code 403" (GetObject).
 */
async function revealingAbsence(
  permit: (permission: Permission) => Promise<void>,
  bucket: string,
  read: () => S3Response | Promise<S3Response>,
): Promise<S3Response> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof S3Error && error.code === 'NoSuchKey') {
      await permit({ action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}`, context: {}, keyActions: [] });
    }
    throw error;
  }
}

function joined(headers: NodeJS.Dict<string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, (values ?? []).join(',')]));
}

function errorResponse(
  error: unknown,
  { method, url = '/' }: IncomingMessage,
  requestId: string,
  onFailure: (error: unknown, requestId: string) => void,
): S3Response {
  let refusal = error;
  if (isDisconnect(error)) throw error;
  if (!(error instanceof S3Error) && !(error instanceof SignatureError)) {
    onFailure(error, requestId);
    refusal = new S3Error('InternalError', 'We encountered an internal error. Please try again.', { cause: error });
  }
  const { code, message, status, details } = refusal as S3Error | SignatureError;
  const headers = refusal instanceof S3Error ? refusal.headers : {};
  if (method === 'HEAD') return { status, headers };
  const [resource = '/'] = url.split('?');
  return {
    status,
    headers,
    body: xmlErrorDocument([
      ['Code', code],
      ['Message', message],
      ...Object.entries(details),
      ['Resource', resource],
      ['RequestId', requestId],
    ]),
  };
}

async function send(
  { status, headers = {}, body }: S3Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  outgoing.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) outgoing.setHeader(name, value);
  }
  if (typeof body === 'object') return sendContent(body, outgoing);
  if (body !== undefined) outgoing.setHeader('content-type', 'application/xml');
  if (incoming.method !== 'HEAD' && status !== 204 && status !== 304)
    outgoing.setHeader('content-length', Buffer.byteLength(body ?? ''));
  outgoing.end(body);
}

async function sendContent(
  { chunks, sizeBytes }: Exclude<S3Response['body'], string | undefined>,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    if (sizeBytes > SMALL_BODY_BYTES) return await pipeline(chunks, outgoing);
    const pieces: Uint8Array[] = [];
    for await (const piece of chunks) pieces.push(piece);
    outgoing.end(Buffer.concat(pieces));
  } finally {
    await chunks.release();
  }
}

/** A client that went away: nobody is left to be answered, and nothing is wrong here. */
function isDisconnect(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'EPIPE';
}

function randomId(): string {
  return randomBytes(16).toString('hex');
}

function logFailure(error: unknown, requestId: string): void {
  console.error(`The embedded S3 failed on request ${requestId}.`, error);
}
