import { ServiceAnswerError } from './service-answer-error.ts';
import { type ServiceAccess, type ServiceAnswer, SignedService } from './signed-service.ts';

/** A service of the AWS JSON protocols 1.0 and 1.1 (Smithy specification): POST / with the operation in `X-Amz-Target`. */
export class JsonService {
  readonly #service: SignedService;
  readonly #target: string;
  readonly #contentType: string;

  /** @param target prefix of `X-Amz-Target`, such as `DynamoDB_20120810` */
  constructor(name: string, target: string, version: '1.0' | '1.1', access: ServiceAccess) {
    this.#service = new SignedService(name, access);
    this.#target = target;
    this.#contentType = `application/x-amz-json-${version}`;
  }

  /** @throws ServiceAnswerError, and Node's error where there was no answer */
  async call(operation: string, input: object): Promise<Record<string, unknown>> {
    const headers = { 'Content-Type': this.#contentType, 'X-Amz-Target': `${this.#target}.${operation}` };
    const body = JSON.stringify(input);
    const answer = await this.#service.send({ method: 'POST', path: '/', headers, body }, jsonErrorIn);
    return JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>;
  }

  close(): void {
    this.#service.close();
  }
}

/**
 * `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":…}`; some services write `Message`, and those with REST
 * paths name the error in the header `X-Amzn-ErrorType`, perhaps with `:` and an address behind it (Smithy, AWS restJson1 protocol).
 */
export function jsonErrorIn({ status, headers, body }: ServiceAnswer): ServiceAnswerError {
  const { __type, message, Message } = objectIn(body);
  const [type = ''] = String(headers['x-amzn-errortype'] ?? __type ?? '').split(':');
  const name = type.slice(type.lastIndexOf('#') + 1) || `Http${status}`;
  return new ServiceAnswerError(name, message ?? Message ?? `status ${status}`, status);
}

interface ErrorBody {
  readonly __type?: string;
  readonly message?: string;
  readonly Message?: string;
}

/** A proxy on the way may answer with something else than JSON: then the status alone tells what is wrong. */
function objectIn(body: Buffer): ErrorBody {
  try {
    return (JSON.parse(body.toString('utf8')) ?? {}) as ErrorBody;
  } catch {
    return {};
  }
}
