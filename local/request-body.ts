import type { IncomingMessage } from 'node:http';

/** A request whose body is larger than its service takes. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
  readonly code = 'BODY_TOO_LARGE';
  readonly retryable = false;

  constructor(maxBytes: number) {
    super(`The request's body is larger than the ${maxBytes} bytes allowed.`);
  }
}

/** @throws BodyTooLargeError */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new BodyTooLargeError(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}
