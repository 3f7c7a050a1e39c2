import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifySignature } from '../../local/signature-v4.ts';
import type { ServiceAccess } from '../../storage/signed-service.ts';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it stands; anything else as JSON. */
  readonly body: unknown;
  /** The connection ends after the body, when this many bytes more were announced. */
  readonly missingBytes?: number;
}

export interface ScriptedService {
  readonly access: ServiceAccess;
  /** Requests so far, all of them rightly signed. */
  readonly requests: readonly SeenRequest[];
  /** Connections so far. */
  readonly connections: () => number;
  /** What a request is answered with; `attempt` counts from 1. `cut` ends the connection without an answer. */
  answer: (request: SeenRequest, attempt: number) => ScriptedAnswer | 'cut';
  close(): Promise<void>;
}

/** An AWS service that answers as a test tells it to, and refuses what is not signed for it by Signature Version 4. */
export async function startScriptedService(name: string): Promise<ScriptedService> {
  const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret-of-the-test', sessionToken: 'session' };
  const requests: SeenRequest[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method = '', url = '', headers } = request;
    verifySignature(
      { method, url, headers },
      {
        lookupSecret: (id) => (id === credentials.accessKeyId ? credentials : undefined),
        service: name,
        clock: Date.now,
        bodySha256: createHash('sha256').update(body).digest('hex'),
      },
    );
    requests.push({ method, url, headers, body: body.toString('utf8') });
    const answer = service.answer(requests.at(-1) as SeenRequest, requests.length);
    if (answer === 'cut') {
      request.socket.destroy();
      return;
    }
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    const { missingBytes = 0 } = answer;
    response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(text) + missingBytes });
    if (missingBytes === 0) response.end(text);
    else response.write(text, () => request.socket.destroy());
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const service: ScriptedService = {
    access: { endpoint, region: 'us-east-1', credentials },
    requests,
    connections: () => connections,
    answer: () => ({ status: 200, body: {} }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return service;
}
