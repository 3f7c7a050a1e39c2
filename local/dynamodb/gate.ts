import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { jsonSignatureCode } from '../aws-json-server.ts';
import type { HeldKey } from '../credentials.ts';
import { Access, type Call } from '../iam/access.ts';
import { AccessDeniedError } from '../iam/access-denied-error.ts';
import type { AccountPolicies } from '../iam/account-policies.ts';
import { BodyTooLargeError, readBody } from '../request-body.ts';
import { SignatureError, verifySignature } from '../signature-v4.ts';
import { tableCalls } from './table-access.ts';

/** What the cloud tells this process once it knows the template. */
export interface GateRules {
  readonly policies: AccountPolicies;
  readonly keys: readonly HeldKey[];
  readonly owner: string;
  /** Whether anybody wants to hear of calls. */
  readonly tellsCalls: boolean;
}

export interface GateNews {
  readonly call?: Call;
  /** The message of an AccessDeniedError. */
  readonly denied?: string;
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** DynamoDB gives its own errors this namespace, and those of every service that one. */
const COMMON_ERRORS = 'com.amazon.coral.service#';

/**
 * Puts a check before the server's own listener: of the signature, then of the caller's permissions. Requests wait for the rules.
 * @param tell hears of each kind of call once, and of every refusal
 */
export function guard(server: Server, rules: Promise<GateRules>, tell: (news: GateNews) => void): void {
  const handle = server.listeners('request')[0] as RequestListener;
  server.removeAllListeners('request');
  const gate = rules.then((known) => new Gate(known, tell));
  server.on('request', (request, response) => {
    void pass(gate, request)
      .then((body) => {
        handle(request, response);
        // The listener reads the request as a stream, which has been read to its end: it is told of the body again.
        request.emit('data', body);
        request.emit('end');
      })
      .catch((error: unknown) => refuse(response, error));
  });
}

async function pass(gate: Promise<Gate>, request: IncomingMessage): Promise<Buffer> {
  const body = await readBody(request, MAX_BODY_BYTES);
  (await gate).check(request, body);
  return body;
}

class Gate {
  readonly #access: Access;
  readonly #keys: ReadonlyMap<string, HeldKey>;
  readonly #place: AccountPolicies;

  constructor({ policies, keys, owner, tellsCalls }: GateRules, tell: (news: GateNews) => void) {
    const told = new Set<string>();
    const tellOnce = (call: Call): void => {
      const kind = JSON.stringify(call);
      if (!told.has(kind)) tell({ call });
      told.add(kind);
    };
    this.#access = new Access(policies, {
      owner,
      onDenied: ({ message }) => tell({ denied: message }),
      ...(tellsCalls && { onCall: tellOnce }),
    });
    this.#keys = new Map(keys.map((key) => [key.accessKeyId, key]));
    this.#place = policies;
  }

  /** @throws SignatureError, AccessDeniedError */
  check({ method = '', url = '', headers }: IncomingMessage, body: Buffer): void {
    const { accessKeyId } = verifySignature(
      { method, url, headers },
      {
        lookupSecret: (id) => this.#keys.get(id),
        service: 'dynamodb',
        clock: Date.now,
        bodySha256: createHash('sha256').update(body).digest('hex'),
      },
    );
    const { principal } = this.#keys.get(accessKeyId)!;
    const operation = String(headers['x-amz-target']).split('.')[1] ?? '';
    for (const call of tableCalls(operation, objectIn(body), this.#place)) this.#access.require({ principal, ...call });
  }
}

/** What is no JSON object names no table; DynamoDB itself refuses it. */
function objectIn(body: Buffer): Record<string, unknown> {
  try {
    const input: unknown = JSON.parse(body.toString('utf8'));
    return typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (error instanceof AccessDeniedError) send(response, 400, error.code, error.message);
  else if (error instanceof SignatureError) send(response, 400, jsonSignatureCode(error), error.message);
  else if (error instanceof BodyTooLargeError) send(response, 413, 'RequestTooLarge', error.message);
  else if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') response.destroy();
  else throw error;
}

function send(response: ServerResponse, status: number, code: string, message: string): void {
  const body = JSON.stringify({ __type: `${COMMON_ERRORS}${code}`, Message: message });
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(body);
}
