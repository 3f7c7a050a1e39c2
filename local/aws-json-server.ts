import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AccessDeniedError } from './iam/access-denied-error.ts';
import { type Listening, listen } from './listening.ts';
import { readBody } from './request-body.ts';
import { SignatureError, verifySignature } from './signature-v4.ts';

/** An error answer of a JSON-protocol service; `code` is the exception's name in the service model. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: string;
  readonly retryable = false;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface JsonService {
  /** Prefix of `X-Amz-Target`: `AWSEvents`, `secretsmanager`, … */
  readonly target: string;
  /** The service of the signature's credential scope. */
  readonly signingName: string;
  /** Each is told the ARN of its caller, too. */
  readonly operations: Readonly<Record<string, (input: Record<string, unknown>, principal: string) => unknown>>;
  readonly maxBodyBytes: number;
  readonly lookupSecret: (accessKeyId: string) => { readonly secretAccessKey: string } | undefined;
  /** The ARN of whose key it is. */
  readonly principalOf: (accessKeyId: string) => string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Serves a service of the AWS JSON 1.1 protocol (Smithy, "AWS JSON 1.1 protocol"): POST / with the operation in X-Amz-Target. */
export function startJsonService(service: JsonService, port: number): Promise<Listening> {
  const server = createServer((request, response) => {
    void answer(service, request, response);
  });
  return listen(server, port, service.signingName);
}

async function answer(service: JsonService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, body: unknown): void => {
    const text = JSON.stringify(body);
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'content-length': Buffer.byteLength(text),
      'x-amzn-requestid': randomUUID(),
    });
    response.end(text);
  };
  try {
    const body = await readBody(request, service.maxBodyBytes);
    const { accessKeyId } = verifySignature(
      { method: request.method ?? '', url: request.url ?? '', headers: request.headers },
      {
        lookupSecret: service.lookupSecret,
        service: service.signingName,
        clock: service.clock,
        bodySha256: createHash('sha256').update(body).digest('hex'),
      },
    );
    const [target, name = ''] = String(request.headers['x-amz-target']).split('.');
    const operation = target === service.target ? service.operations[name] : undefined;
    if (operation === undefined) {
      const known = Object.keys(service.operations).join(', ');
      throw new ServiceError(
        'UnknownOperationException',
        `The operation ${target}.${name} is not known here; known are ${known}`,
      );
    }
    const principal = service.principalOf(accessKeyId);
    send(200, (await operation(JSON.parse(body.toString('utf8') || '{}'), principal)) ?? {});
  } catch (error) {
    if (error instanceof ServiceError) send(error.status, { __type: error.code, message: error.message });
    else if (error instanceof AccessDeniedError) send(400, { __type: error.code, Message: error.message });
    else if (error instanceof SignatureError) send(403, { __type: jsonSignatureCode(error), message: error.message });
    else send(500, { __type: 'InternalFailure', message: error instanceof Error ? error.message : String(error) });
  }
}

/** The JSON services' names for what S3 calls otherwise. */
export function jsonSignatureCode(error: SignatureError): string {
  const names: Partial<Record<SignatureError['code'], string>> = {
    AccessDenied: 'MissingAuthenticationTokenException',
    InvalidAccessKeyId: 'UnrecognizedClientException',
    RequestTimeTooSkewed: 'InvalidSignatureException',
    SignatureDoesNotMatch: 'InvalidSignatureException',
  };
  return names[error.code] ?? 'IncompleteSignatureException';
}
