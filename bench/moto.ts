import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { interpreter, PeerUnavailableError } from './python-peer.ts';

/** A server of moto, an independent stand-in for AWS. */
export interface Moto {
  readonly url: string;
  stop(): void;
}

export const motoRegion = 'us-east-1';
export const motoCredentials = { accessKeyId: 'AKMOTO', secretAccessKey: 'secret' };

const startTimeoutMs = 30_000;

/** @throws PeerUnavailableError when it does not answer within 30 s. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const child = spawn(interpreter, ['-m', 'moto.server', '-p', String(port)], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const deadlineMs = performance.now() + startTimeoutMs;
  while (!(await answers(url))) {
    if (hasEnded(child) || performance.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new PeerUnavailableError(
        `moto does not answer; "${interpreter} -m moto.server" says why, "${interpreter} -m pip install 'moto[server]'" installs it.`,
      );
    }
    await wait(100);
  }
  return { url, stop: () => child.kill('SIGTERM') };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/moto-api/`)).ok;
  } catch {
    // Nobody listens yet.
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return (address as { port: number }).port;
}
