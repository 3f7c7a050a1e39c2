import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import type { Credentials } from './credentials.ts';
import type { ObjectStore } from './states/ports.ts';

/** A location that is not `s3://bucket/key`. */
export class ObjectLocationError extends Error {
  override readonly name = 'ObjectLocationError';
  readonly code = 'INVALID_OBJECT_LOCATION';
  readonly retryable = false;
}

/** How the services of the cloud use S3: through its API, each with the key of the role it acts for, so that permissions hold for them too. */
export class ObjectAccess {
  readonly #clients = new Map<string, S3Client>();
  readonly #endpoint: string;
  readonly #region: string;
  readonly #credentials: Credentials;

  constructor(endpoint: string, region: string, credentials: Credentials) {
    this.#endpoint = endpoint;
    this.#region = region;
    this.#credentials = credentials;
  }

  async read(roleArn: string, location: string): Promise<Uint8Array> {
    const { Body } = await this.#clientOf(roleArn).send(new GetObjectCommand(bucketAndKey(location)));
    return Body!.transformToByteArray();
  }

  async write(roleArn: string, location: string, body: Uint8Array, contentType: string): Promise<void> {
    const put = new PutObjectCommand({ ...bucketAndKey(location), Body: body, ContentType: contentType });
    await this.#clientOf(roleArn).send(put);
  }

  /** What ItemReader and ResultWriter of a state machine use. */
  forStateMachines(): ObjectStore {
    const clientOf = (roleArn: string) => this.#clientOf(roleArn);
    return {
      async get({ bucket, key, versionId, caller }) {
        const get = new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(versionId === undefined ? {} : { VersionId: versionId }),
        });
        const { Body } = await clientOf(caller.roleArn).send(get);
        return Body!.transformToByteArray();
      },
      async put({ bucket, key, body, contentType, caller }) {
        await clientOf(caller.roleArn).send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }),
        );
      },
      async *list({ bucket, prefix, caller }) {
        const pages = paginateListObjectsV2(
          { client: clientOf(caller.roleArn) },
          { Bucket: bucket, ...(prefix === undefined ? {} : { Prefix: prefix }) },
        );
        for await (const { Contents = [] } of pages) {
          for (const { Key, Size, ETag, LastModified, StorageClass = 'STANDARD' } of Contents) {
            yield {
              key: Key!,
              sizeBytes: Size!,
              etag: ETag!.replaceAll('"', ''),
              lastModifiedMs: LastModified!.getTime(),
              storageClass: StorageClass,
            };
          }
        }
      },
    };
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  #clientOf(roleArn: string): S3Client {
    const known = this.#clients.get(roleArn);
    if (known !== undefined) return known;
    const client = new S3Client({
      endpoint: this.#endpoint,
      region: this.#region,
      credentials: this.#credentials.of(roleArn),
    });
    this.#clients.set(roleArn, client);
    return client;
  }
}

function bucketAndKey(location: string): { Bucket: string; Key: string } {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(location) ?? [];
  if (bucket === undefined || key === undefined) throw new ObjectLocationError(`"${location}" is not s3://bucket/key.`);
  return { Bucket: bucket, Key: key };
}
