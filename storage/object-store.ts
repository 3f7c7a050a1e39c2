import { AlreadyStoredError, CorruptRecordError, NotStoredError, storing, toStorageError } from './errors.ts';
import { ServiceAnswerError } from './service-answer-error.ts';
import {
  accessFromEnvironment,
  defaultRetryPolicy,
  type ServiceAccess,
  type ServiceAnswer,
  type ServiceRequest,
  SignedService,
} from './signed-service.ts';

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedAtMs: number;
}

export interface ObjectVersion extends StoredObject {
  readonly versionId: string;
}

/** S3 hashes and stores a large object before it answers. */
const retryPolicy = { ...defaultRetryPolicy, silenceTimeoutMs: 20_000 };

/** One S3 bucket, by the REST requests of the S3 API Reference. Errors leave here as the errors of `errors.ts`. */
export class ObjectStore {
  readonly bucket: string;
  readonly #service: SignedService;

  constructor(bucket: string, access: ServiceAccess = accessFromEnvironment('S3', 's3')) {
    this.bucket = bucket;
    this.#service = new SignedService('s3', access, retryPolicy);
  }

  /** The whole object, in its newest version unless one is named. Throws NotStoredError. */
  async get(key: string, versionId?: string): Promise<Uint8Array> {
    return (await this.#send(key, { method: 'GET', query: versionQuery(versionId) })).body;
  }

  async getJson<T>(key: string, parse: (value: unknown) => T): Promise<T> {
    const bytes = await this.get(key);
    try {
      return parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    } catch (cause) {
      throw new CorruptRecordError(`${this.#name(key)} is not the JSON expected of it`, { cause });
    }
  }

  /** As `getJson`, or undefined where nothing is stored. */
  async findJson<T>(key: string, parse: (value: unknown) => T): Promise<T | undefined> {
    try {
      return await this.getJson(key, parse);
    } catch (error) {
      if (error instanceof NotStoredError) return undefined;
      throw error;
    }
  }

  /** The bytes of one version, the newest unless named, in chunks as they arrive. */
  async stream(key: string, versionId?: string): Promise<AsyncIterable<Uint8Array>> {
    return storing(this.#name(key), async () => {
      const request = this.#request(key, { method: 'GET', query: versionQuery(versionId) });
      const { body } = await this.#service.open(request, errorIn);
      return this.#chunks(key, body);
    });
  }

  async put(key: string, body: Uint8Array | string, contentType = 'application/octet-stream'): Promise<void> {
    await this.#send(key, { method: 'PUT', headers: { 'Content-Type': contentType }, body });
  }

  async putJson(key: string, value: unknown): Promise<void> {
    await this.put(key, JSON.stringify(value), 'application/json');
  }

  /** Writes only where nothing is stored yet (If-None-Match: *); answers whether this call was the one that wrote. */
  async putJsonIfAbsent(key: string, value: unknown): Promise<boolean> {
    const headers = { 'Content-Type': 'application/json', 'If-None-Match': '*' };
    try {
      await this.#send(key, { method: 'PUT', headers, body: JSON.stringify(value) });
      return true;
    } catch (error) {
      if (error instanceof AlreadyStoredError) return false;
      throw error;
    }
  }

  /** A version, the newest unless named. Throws NotStoredError. */
  async head(key: string, versionId?: string): Promise<ObjectVersion> {
    const { headers } = await this.#send(key, { method: 'HEAD', query: versionQuery(versionId) });
    return {
      key,
      sizeBytes: Number(headers['content-length']),
      etag: unquoted(headers.etag ?? ''),
      modifiedAtMs: Date.parse(headers['last-modified'] ?? ''),
      versionId: String(headers['x-amz-version-id'] ?? 'null'),
    };
  }

  /** Every object under a prefix, in key order. */
  async list(prefix: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    let token: string | undefined;
    do {
      const query = { 'list-type': '2', 'encoding-type': 'url', prefix, ...(token && { 'continuation-token': token }) };
      const { body } = await this.#send('', { method: 'GET', query });
      const page = body.toString('utf8');
      for (const [, entry = ''] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) found.push(listedObject(entry));
      token = element(page, 'NextContinuationToken');
    } while (token);
    return found;
  }

  close(): void {
    this.#service.close();
  }

  #send(key: string, asked: Asked): Promise<ServiceAnswer> {
    return storing(this.#name(key), () => this.#service.send(this.#request(key, asked), errorIn));
  }

  #request(key: string, { method, query = {}, headers = {}, body = '' }: Asked): ServiceRequest {
    const path = `/${this.bucket}${key && `/${key.split('/').map(encoded).join('/')}`}`;
    const search = Object.entries(query).map(([name, value]) => `${name}=${encoded(value)}`);
    return { method, path: search.length === 0 ? path : `${path}?${search.join('&')}`, headers, body };
  }

  /** The chunks of a body. Node fails a body that ends before its Content-Length: an error of the store, never a short object. */
  async *#chunks(key: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      throw toStorageError(error, this.#name(key));
    }
  }

  #name(key: string): string {
    return `s3://${this.bucket}/${key}`;
  }
}

interface Asked {
  readonly method: ServiceRequest['method'];
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

function versionQuery(versionId: string | undefined): Record<string, string> {
  return versionId === undefined ? {} : { versionId };
}

/** RFC 3986, as Signature Version 4 has it: `encodeURIComponent` leaves five characters that are encoded there. */
function encoded(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}

/** An entry of ListObjectsV2; keys are percent-encoded on request, so that every key survives XML 1.0. */
function listedObject(entry: string): StoredObject {
  return {
    key: decodeURIComponent((element(entry, 'Key') ?? '').replaceAll('+', ' ')),
    sizeBytes: Number(element(entry, 'Size')),
    etag: unquoted(element(entry, 'ETag') ?? ''),
    modifiedAtMs: Date.parse(element(entry, 'LastModified') ?? ''),
  };
}

/**
 * `<Error><Code>NoSuchKey</Code><Message>…` (S3 API Reference, "REST error responses"); an answer to HEAD has no body, so there the
 * status is all.
 */
function errorIn({ status, body }: ServiceAnswer): ServiceAnswerError {
  const text = body.toString('utf8');
  const name = element(text, 'Code') ?? (status === 404 ? 'NotFound' : `Http${status}`);
  return new ServiceAnswerError(name, element(text, 'Message') ?? `status ${status}`, status);
}

/** The text of the first element of this name, which holds no other element. */
function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(quot|apos|lt|gt|amp|#\d+|#x[\da-fA-F]+);/g, (_, entity: string) => characterOf(entity));
}

const namedCharacters: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' };

function characterOf(entity: string): string {
  const named = namedCharacters[entity];
  if (named !== undefined) return named;
  return String.fromCodePoint(entity.startsWith('#x') ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1)));
}
