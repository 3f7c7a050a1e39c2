import type { Server } from 'node:http';

/** A server of the embedded cloud that answers on 127.0.0.1. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Ends all connections and frees the port. */
  close(): Promise<void>;
}

export const LOOPBACK = '127.0.0.1';

/** A port that another program uses. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
  readonly code = 'PORT_IN_USE';
  readonly retryable = false;

  constructor(port: number, what: string, options: ErrorOptions) {
    super(`Port ${port}, wanted for ${what}, is in use; choose another with --port, or 0 for any free ports.`, options);
  }
}

/** Starts a server that knows nothing of PortInUseError. */
export async function onPort<T>(port: number, what: string, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(port);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new PortInUseError(port, what, { cause });
    throw cause;
  }
}

/** @param port 0 for any that is free */
export async function listen(server: Server, port: number, what: string): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (cause: NodeJS.ErrnoException) => {
    reject(cause.code === 'EADDRINUSE' ? new PortInUseError(port, what, { cause }) : cause);
  });
  server.listen(port, LOOPBACK, resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('A server on a port has a port.');
  return { url: `http://${LOOPBACK}:${address.port}`, port: address.port, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.close((error) => (error ? reject(error) : resolve()));
  server.closeAllConnections();
  return promise;
}
