/**
 * `npm start`: runs the embedded cloud until Ctrl-C.
 * `--data DIR` (default .kindred), `--port N` (default 4010; 0 for any free ports), `--set name=value` for each deployment setting.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type Cloud, startCloud } from './cloud.ts';
import { laptopSettings } from './laptop-settings.ts';

const DEFAULT_PORT = 4010;

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '.kindred' },
    port: { type: 'string', default: String(DEFAULT_PORT) },
    set: { type: 'string', multiple: true, default: [] },
  },
});

const stopped = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.resolve());

try {
  const startedAtMs = performance.now();
  const cloud = await startCloud({
    dataDir: values.data,
    port: portNumber(values.port),
    settings: { ...laptopSettings, ...Object.fromEntries(values.set.map(setting)) },
    log: (line) => console.error(line),
  });
  describe(cloud, performance.now() - startedAtMs);
  await stopped.promise;
  await cloud.close();
} catch (error) {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_000)
    throw new RangeError(`--port must be 0 to 65000, got "${text}".`);
  return port;
}

function setting(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new RangeError(`--set takes name=value, got "${text}".`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function describe({ endpoints }: Cloud, tookMs: number): void {
  console.log(`Kindred runs here (started in ${(tookMs / 1000).toFixed(1)} s). Ctrl-C stops it.`);
  const rows: readonly (readonly [string, string])[] = [
    ['HTTP API', endpoints.api],
    ['S3', endpoints.s3],
    ['bucket', `${endpoints.bucket} (drop files under inbox/)`],
    ['DynamoDB', endpoints.dynamodb],
    ['Step Functions', endpoints.stepFunctions],
    ['SageMaker runtime', endpoints.sagemakerRuntime],
    ['EventBridge', endpoints.eventBridge],
    ['Secrets Manager', endpoints.secretsManager],
    ['all of it, keys and tokens', `${values.data}/endpoints.json`],
  ];
  for (const [name, value] of rows) console.log(`  ${name.padEnd(27)} ${value}`);
}
