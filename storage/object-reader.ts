import { storing } from './errors.ts';
import { JsonObjects } from './json-objects.ts';
import { ServiceAnswerError } from './service-answer-error.ts';
import { accessFromEnvironment, type ServiceAccess, type ServiceAnswer, SignedService } from './signed-service.ts';

/** Reads whole objects of one bucket with signed requests: for look-ups, which must not wait for an S3 client to load. */
export class ObjectReader extends JsonObjects {
  readonly #service: SignedService;

  constructor(bucket: string, access: ServiceAccess = accessFromEnvironment('S3', 's3')) {
    super(bucket);
    this.#service = new SignedService('s3', access);
  }

  async get(key: string): Promise<Uint8Array> {
    return storing(this.nameOf(key), async () => {
      const path = `/${this.bucket}/${key.split('/').map(encoded).join('/')}`;
      const answer = await this.#service.send({ method: 'GET', path, headers: {}, body: '' }, (given) => {
        return given.status !== 200 && errorIn(given).retryable;
      });
      if (answer.status !== 200) throw errorIn(answer);
      return answer.body;
    });
  }

  close(): void {
    this.#service.close();
  }
}

/** RFC 3986, as Signature Version 4 has it: `encodeURIComponent` leaves five characters that are encoded there. */
function encoded(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** `<Error><Code>NoSuchKey</Code><Message>…` (S3 API reference, "REST error responses"). */
function errorIn({ status, body }: ServiceAnswer): ServiceAnswerError {
  const text = body.toString('utf8');
  const [, name = `Http${status}`] = /<Code>([^<]*)<\/Code>/.exec(text) ?? [];
  const [, message = `status ${status}`] = /<Message>([^<]*)<\/Message>/.exec(text) ?? [];
  return new ServiceAnswerError(name, message, status);
}
