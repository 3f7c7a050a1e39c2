/**
 * Runs in a function's process: loads the bundle when told which, then calls its handler once per message.
 * Starts without knowing its function, so that a process can stand ready before it is needed.
 */
// Built-in modules that every AWS SDK client loads: a process that stands ready has them already.
import 'node:crypto';
import 'node:http2';
import 'node:https';
import 'node:stream/web';
import 'node:zlib';
import { existsSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import '../follow-parent.ts';
import type { FunctionErrorBody, InvokeRequest, LoadRequest, WorkerMessage } from './worker-protocol.ts';

type Handler = (event: unknown, context: object) => unknown;

let handler: Handler | undefined;
let compiledCodeIsKept = false;

process.on('message', (message: LoadRequest | InvokeRequest) => {
  if (message.kind === 'load') void load(message);
  else void invoke(message);
});

async function load({ folder, handler: name, environment }: LoadRequest): Promise<void> {
  try {
    Object.assign(process.env, environment);
    process.chdir(folder);
    handler = await findHandler(folder, name);
    send({ kind: 'loaded' });
  } catch (error) {
    send({ kind: 'load-failed', error: errorBody(error) });
  }
}

async function findHandler(folder: string, name: string): Promise<Handler> {
  const dot = name.lastIndexOf('.');
  const [file, exported] = [name.slice(0, dot), name.slice(dot + 1)];
  const path = ['.js', '.mjs', '.cjs']
    .map((extension) => join(folder, file + extension))
    .find((one) => existsSync(one));
  if (path === undefined) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${file}' in ${folder}`);
  const loaded: Record<string, unknown> = await import(pathToFileURL(path).href);
  const found = loaded[exported];
  if (typeof found !== 'function') throw named('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  return found as Handler;
}

async function invoke({ requestId, payload, deadlineMs, functionArn }: InvokeRequest): Promise<void> {
  const {
    AWS_LAMBDA_FUNCTION_NAME,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    AWS_LAMBDA_LOG_GROUP_NAME,
    AWS_LAMBDA_LOG_STREAM_NAME,
  } = process.env;
  const context = {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    logGroupName: AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
  try {
    const result = await handler!(JSON.parse(payload), context);
    send({ kind: 'result', requestId, payload: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    send({ kind: 'error', requestId, error: errorBody(error) });
  }
  if (!compiledCodeIsKept) {
    // Node would write its compile cache at exit, but a function's process is killed. The next process of this function loads faster.
    setImmediate(flushCompileCache);
    compiledCodeIsKept = true;
  }
}

function send(message: WorkerMessage): void {
  process.send!(message);
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/** The shape of the Node.js runtime interface client: type, message and the lines of the stack. */
function errorBody(error: unknown): FunctionErrorBody {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}
