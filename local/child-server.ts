import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Listening, LOOPBACK } from './listening.ts';
import { isAlive } from './process-life.ts';

const FOLLOW_PARENT = new URL('./follow-parent.ts', import.meta.url).href;

export interface ChildServerOptions {
  /** For messages: `DynamoDB`, `model server`. */
  readonly name: string;
  /** A script that sends `{ listening: port }` once it answers. */
  readonly script: URL;
  readonly args?: readonly string[];
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its output is appended here. Beside it, `<logFile>.pid` keeps its process id for a start that follows the death of this process. */
  readonly logFile: string;
  /** After which SIGTERM is followed by SIGKILL. */
  readonly graceMs: number;
  /** Told of what the script sends besides. */
  readonly onMessage?: (message: object) => void;
  /** Told when it ends without being asked to. */
  readonly onUnexpectedExit: (error: ChildServerError) => void;
}

const PREDECESSOR_CHECK_MS = 20;

export interface ChildServer extends Listening {
  /** Sends the script a message. */
  send(message: object): void;
}

/** A server process that did not start, or ended by itself. */
export class ChildServerError extends Error {
  override readonly name = 'ChildServerError';
  readonly code = 'CHILD_SERVER_ENDED';
  readonly retryable = false;
}

/** Starts a server as a child process; resolves once it listens. */
export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  await mkdir(dirname(options.logFile), { recursive: true });
  const pidFile = `${options.logFile}.pid`;
  await predecessorGone(pidFile, options.graceMs);
  const log = await open(options.logFile, 'a');
  const child = fork(fileURLToPath(options.script), options.args ?? [], {
    execArgv: ['--import', FOLLOW_PARENT],
    env: { ...options.environment },
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
    // In a process group of its own: Ctrl-C is for the cloud, which stops its children in order.
    detached: true,
  });
  let stopping = false;
  const ended = exitOf(child);
  const port = Promise.withResolvers<number>();
  child.on('message', (message: { listening?: number }) => {
    if (message.listening !== undefined) port.resolve(message.listening);
    else options.onMessage?.(message);
  });
  void ended.then((how) => {
    const error = new ChildServerError(
      `The ${options.name} process ended: ${how}. Its output is in ${options.logFile}.`,
    );
    port.reject(error);
    if (!stopping) options.onUnexpectedExit(error);
  });
  try {
    const [listening] = await Promise.all([port.promise, writeFile(pidFile, String(child.pid ?? ''))]);
    const close = async (): Promise<void> => {
      stopping = true;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), options.graceMs);
      await ended;
      clearTimeout(timer);
      await rm(pidFile, { force: true });
    };
    const send = (message: object) => void child.send(message);
    return { url: `http://${LOOPBACK}:${listening}`, port: listening, close, send };
  } catch (error) {
    stopping = true;
    throw error;
  } finally {
    await log.close();
  }
}

/** A killed cloud's children end by themselves, a moment later: until then they hold ports and files. */
async function predecessorGone(pidFile: string, graceMs: number): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  for (let waitedMs = 0; pid > 0 && isAlive(pid) && waitedMs < graceMs; waitedMs += PREDECESSOR_CHECK_MS)
    await sleep(PREDECESSOR_CHECK_MS);
}

function exitOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.on('error', (error) => resolve(error.message));
  child.on('exit', (code, signal) => resolve(signal === null ? `exit status ${code}` : `signal ${signal}`));
  return promise;
}

/** What a server process needs of this process's environment: nothing of the person's. */
export function bareEnvironment(compileCacheFolder: string): Record<string, string> {
  const { PATH = '' } = process.env;
  return { LANG: 'en_US.UTF-8', NODE_COMPILE_CACHE: compileCacheFolder, PATH, TZ: ':UTC' };
}
