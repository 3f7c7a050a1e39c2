import { CorruptRecordError, NotStoredError } from './errors.ts';

/** The JSON objects of one bucket, however their bytes are fetched. */
export abstract class JsonObjects {
  readonly bucket: string;

  constructor(bucket: string) {
    this.bucket = bucket;
  }

  /** The whole object. Throws NotStoredError. */
  abstract get(key: string): Promise<Uint8Array>;

  async getJson<T>(key: string, parse: (value: unknown) => T): Promise<T> {
    const bytes = await this.get(key);
    try {
      return parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    } catch (cause) {
      throw new CorruptRecordError(`${this.nameOf(key)} is not the JSON expected of it`, { cause });
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

  protected nameOf(key: string): string {
    return `s3://${this.bucket}/${key}`;
  }
}
