import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import process from 'node:process';
import aws4 from 'aws4';
import { ServiceAnswerError } from './service-answer-error.ts';

/**
 * Taken like this and not by an import: an ES module that imports `node:http` reads all that it exports, and thereby loads the WebSocket
 * and fetch of Node, which takes longer than all else that a look-up's function loads (docs/decisions/0017).
 */
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');

/** Where an AWS service is and as whom it is called. */
export interface ServiceAccess {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  };
}

export interface ServiceRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Percent-encoded, with the query if there is one. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer whose body is still to come. */
export interface OpenAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

/** How often and how long after one another a request is tried; `random` draws from [0, 1). */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** How long a connection may be silent. */
  readonly silenceTimeoutMs: number;
  readonly random: () => number;
}

/** A request that fails in passing is tried five times within about a second: well inside a look-up's time. */
export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 5,
  baseDelayMs: 50,
  maxDelayMs: 1000,
  silenceTimeoutMs: 5_000,
  random: Math.random,
};
const maxConnections = 64;

/** A service answered nothing for as long as anybody waits. */
class SilenceError extends Error {
  override readonly name = 'TimeoutError';
  readonly code = 'TIMEOUT';
  readonly retryable = true;
}

/**
 * What an AWS client would read from the environment of a Lambda function: region, role's credentials, and the endpoint, with
 * `AWS_ENDPOINT_URL_<SERVICE>` and `AWS_ENDPOINT_URL` before the region's own (AWS SDKs and Tools Reference Guide,
 * "Service-specific endpoints").
 * @param serviceId `DYNAMODB`, `SECRETS_MANAGER`, …
 * @param host of the service in a region, such as `dynamodb`
 */
export function accessFromEnvironment(serviceId: string, host: string): ServiceAccess {
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ENDPOINT_URL } = process.env;
  if (!AWS_REGION || !AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new MissingAccessError(
      'AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are needed in the environment; Lambda sets them, elsewhere export them',
    );
  }
  const domain = AWS_REGION.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return {
    endpoint:
      process.env[`AWS_ENDPOINT_URL_${serviceId}`] ?? AWS_ENDPOINT_URL ?? `https://${host}.${AWS_REGION}.${domain}`,
    region: AWS_REGION,
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      sessionToken: AWS_SESSION_TOKEN,
    },
  };
}

/** The process has no credentials or no region to call AWS with. */
export class MissingAccessError extends Error {
  override readonly name = 'MissingAccessError';
  readonly code = 'MISSING_ACCESS';
  readonly retryable = false;
}

/**
 * One AWS service by plain HTTPS requests with Signature Version 4, over connections that are kept. A fortieth of what an SDK client
 * takes to load (docs/decisions/0017), which is what a cold look-up waits for.
 */
export class SignedService {
  readonly #name: string;
  readonly #access: ServiceAccess;
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #retries: RetryPolicy;

  /** @param name of the credential scope: `dynamodb`, `s3`, … */
  constructor(name: string, access: ServiceAccess, retries: RetryPolicy = defaultRetryPolicy) {
    this.#name = name;
    this.#access = access;
    this.#url = new URL(access.endpoint);
    const options = { keepAlive: true, maxSockets: maxConnections, scheduling: 'lifo' } as const;
    this.#agent = this.#url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
    this.#retries = retries;
  }

  get region(): string {
    return this.#access.region;
  }

  /**
   * Sends a request, again and later each time while it fails in passing.
   * @param errorIn what an answer that is none of success says
   * @throws that error, or Node's error of the connection or TimeoutError, where the last attempt got no answer
   */
  async send(request: ServiceRequest, errorIn: (answer: ServiceAnswer) => ServiceAnswerError): Promise<ServiceAnswer> {
    return this.#persist(async () => {
      const answer = await whole(await this.#attempt(request));
      if (!isSuccess(answer.status)) throw errorIn(answer);
      return answer;
    });
  }

  /** As `send`, but the answer is given as soon as its headers are there: what breaks off later is the reader's to see. */
  async open(request: ServiceRequest, errorIn: (answer: ServiceAnswer) => ServiceAnswerError): Promise<OpenAnswer> {
    return this.#persist(async () => {
      const response = await this.#attempt(request);
      if (!isSuccess(response.statusCode ?? 0)) throw errorIn(await whole(response));
      return { headers: response.headers, body: response };
    });
  }

  /** Lets go of the connections that are kept. */
  close(): void {
    this.#agent.destroy();
  }

  async #persist<T>(attempt: () => Promise<T>): Promise<T> {
    const { maxAttempts, baseDelayMs, maxDelayMs, random } = this.#retries;
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt();
      } catch (error) {
        const isFinal = error instanceof ServiceAnswerError && !error.retryable;
        if (isFinal || attempts === maxAttempts) throw error;
      }
      // Full jitter: "Exponential Backoff And Jitter", AWS Architecture Blog.
      const delayMs = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempts - 1));
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }

  /** Resolves once the headers of the answer are there. */
  #attempt({ method, path, headers, body }: ServiceRequest): Promise<IncomingMessage> {
    const { region, credentials } = this.#access;
    const signed = aws4.sign(
      {
        service: this.#name,
        region,
        host: this.#url.host,
        method,
        path: this.#url.pathname.replace(/\/$/, '') + path,
        headers: { ...headers },
        ...(body.length === 0 ? {} : { body: typeof body === 'string' ? body : buffered(body) }),
      },
      { ...credentials },
    );
    return new Promise((resolve, reject) => {
      const { request: send } = this.#url.protocol === 'https:' ? https : http;
      const { silenceTimeoutMs } = this.#retries;
      const options = { agent: this.#agent, method, path: signed.path ?? path, headers: signed.headers };
      const request = send(this.#url, { ...options, timeout: silenceTimeoutMs }, resolve);
      request.on('timeout', () => {
        request.destroy(new SilenceError(`${this.#name} answered nothing for ${silenceTimeoutMs} ms`));
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

async function whole(response: IncomingMessage): Promise<ServiceAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/** The same bytes under the type that the signer hashes. */
function buffered(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
