import { request } from 'node:http';

export interface ModelRequest {
  readonly body: Uint8Array;
  /** `content-type`, `accept`, `x-amzn-sagemaker-custom-attributes`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface ModelAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** The container did not answer: it is gone, or took longer than the invocation may. */
export class ModelUnreachableError extends Error {
  override readonly name = 'ModelUnreachableError';
  readonly code = 'MODEL_UNREACHABLE';
  readonly retryable = true;
}

/** POST /invocations of the container, which may take up to an hour: `fetch` gives up after five minutes. */
export function callModel(serverUrl: string, { body, headers, timeoutMs }: ModelRequest): Promise<ModelAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ModelAnswer>();
  const fail = (cause: Error) =>
    reject(new ModelUnreachableError(`The model server did not answer: ${cause.message}.`, { cause }));
  const call = request(
    `${serverUrl}/invocations`,
    {
      method: 'POST',
      headers: { ...headers, 'content-length': body.byteLength },
      signal: AbortSignal.timeout(timeoutMs),
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        const contentType = response.headers['content-type'] ?? 'application/octet-stream';
        resolve({ status: response.statusCode ?? 0, contentType, body: Buffer.concat(chunks) });
      });
    },
  );
  call.on('error', fail);
  call.end(body);
  return promise;
}
