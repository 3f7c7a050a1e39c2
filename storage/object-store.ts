import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AlreadyStoredError, storing } from './errors.ts';
import { JsonObjects } from './json-objects.ts';

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedAtMs: number;
}

export interface ObjectVersion extends StoredObject {
  readonly versionId: string;
}

/** One S3 bucket. Errors of the SDK leave here as the errors of `errors.ts`. */
export class ObjectStore extends JsonObjects {
  readonly #client: S3Client;

  constructor(bucket: string, client: S3Client = new S3Client({})) {
    super(bucket);
    this.#client = client;
  }

  async get(key: string): Promise<Uint8Array> {
    return storing(this.nameOf(key), async () => {
      const answer = await this.#client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
      return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
    });
  }

  /** The bytes of one version, in chunks as they arrive. */
  async stream(key: string, versionId?: string): Promise<AsyncIterable<Uint8Array>> {
    return storing(this.nameOf(key), async () => {
      const answer = await this.#client.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: key, ...(versionId ? { VersionId: versionId } : {}) }),
      );
      return answer.Body as unknown as AsyncIterable<Uint8Array>;
    });
  }

  async put(key: string, body: Uint8Array | string, contentType = 'application/octet-stream'): Promise<void> {
    await storing(this.nameOf(key), () =>
      this.#client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body, ContentType: contentType })),
    );
  }

  async putJson(key: string, value: unknown): Promise<void> {
    await this.put(key, JSON.stringify(value), 'application/json');
  }

  /** Writes only where nothing is stored yet (If-None-Match: *); answers whether this call was the one that wrote. */
  async putJsonIfAbsent(key: string, value: unknown): Promise<boolean> {
    try {
      await storing(this.nameOf(key), () =>
        this.#client.send(
          new PutObjectCommand({
            Bucket: this.bucket,
            Key: key,
            Body: JSON.stringify(value),
            ContentType: 'application/json',
            IfNoneMatch: '*',
          }),
        ),
      );
      return true;
    } catch (error) {
      if (error instanceof AlreadyStoredError) return false;
      throw error;
    }
  }

  /** A version, the newest unless named. Throws NotStoredError. */
  async head(key: string, versionId?: string): Promise<ObjectVersion> {
    return storing(this.nameOf(key), async () => {
      const answer = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.bucket, Key: key, ...(versionId ? { VersionId: versionId } : {}) }),
      );
      return {
        key,
        sizeBytes: answer.ContentLength ?? 0,
        etag: unquoted(answer.ETag),
        modifiedAtMs: answer.LastModified?.getTime() ?? 0,
        versionId: answer.VersionId ?? 'null',
      };
    });
  }

  /** Every object under a prefix, in key order. */
  async list(prefix: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    let token: string | undefined;
    do {
      const page = await storing(this.nameOf(prefix), () =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.bucket,
            Prefix: prefix,
            ...(token ? { ContinuationToken: token } : {}),
          }),
        ),
      );
      for (const object of page.Contents ?? []) {
        found.push({
          key: object.Key ?? '',
          sizeBytes: object.Size ?? 0,
          etag: unquoted(object.ETag),
          modifiedAtMs: object.LastModified?.getTime() ?? 0,
        });
      }
      token = page.NextContinuationToken;
    } while (token);
    return found;
  }
}

function unquoted(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '');
}
