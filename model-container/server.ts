import type { AddressInfo } from 'node:net';
import { safetensorsContentType } from '../contracts/model-jobs.ts';
import { createEmbedJob, createTrainHeadJob } from '../model-jobs/jobs.ts';
import { readManifest } from '../model-jobs/model-registry.ts';
import { detectDevice } from '../runtime/device.ts';
import { EmbeddingPool } from './embedding-pool.ts';
import { modelServerEnvironmentSchema } from './environment.ts';
import { createModelHttpServer } from './http-server.ts';
import { TrainingProcess } from './training-process.ts';

/** The model server, the same program in the container and on a laptop: `node model-container/server.ts`. */

const environment = modelServerEnvironmentSchema.parse(process.env);
const log = (record: Readonly<Record<string, unknown>>) => console.log(JSON.stringify(record));

function endAfterLoss(cause: Error): void {
  log({ level: 'error', event: 'worker-lost', message: cause.message });
  process.exit(1);
}

const device = detectDevice(environment.provider);
log({ level: 'info', event: 'device', ...device });
const manifest = readManifest(environment.modelsFolder);
const processes = environment.embeddingProcesses ?? (device.provider === 'cpu' ? device.cores : 1);
const [pool, training] = await Promise.all([
  EmbeddingPool.start(
    processes,
    { modelsFolder: environment.modelsFolder, manifest, provider: device.provider },
    endAfterLoss,
  ),
  TrainingProcess.start(endAfterLoss),
]);

const http = createModelHttpServer({
  jobs: {
    'application/json': createEmbedJob({ manifest, device, embedder: pool }),
    [safetensorsContentType]: createTrainHeadJob(training, () => performance.now()),
  },
  maxJobs: environment.maxJobs,
  maxBodyBytes: environment.maxBodyBytes,
  log,
  monotonicMs: () => performance.now(),
});

http.server.listen(environment.port, environment.address, () => {
  const listening = { listening: (http.server.address() as AddressInfo).port };
  log(listening);
  process.send?.(listening);
});

async function shutDown(): Promise<void> {
  const timeout = setTimeout(() => {
    log({ level: 'error', event: 'drain-timeout', drainTimeoutMs: environment.drainTimeoutMs });
    process.exit(1);
  }, environment.drainTimeoutMs);
  await http.drain();
  await Promise.all([pool.close(), training.close()]);
  clearTimeout(timeout);
  log({ level: 'info', event: 'drained' });
  process.exit(0);
}

process.once('SIGTERM', () => void shutDown());
process.once('SIGINT', () => void shutDown());
// Started by a parent with a channel: the parent has ended.
process.once('disconnect', () => void shutDown());
