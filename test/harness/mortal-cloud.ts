/**
 * An embedded cloud in a process of its own that kills itself, as `kill -9` does, at a named point: `node mortal-cloud.ts FOLDER
 * [POINT]`, where a point is a state and what becomes of it (`Cluster entered`). Sends `{ up: endpoints }`, then every point it passes; stops in order when its parent disconnects.
 */
import process from 'node:process';
import { startCloud } from '../../local/cloud.ts';

const [dataDir = '', mortalPoint] = process.argv.slice(2);

const cloud = await startCloud({
  dataDir,
  port: 0,
  settings: { quietSeconds: 1, lakePartitions: 2, segments: 3, modelHosting: 'sagemaker' },
  seed: 1,
  log: (line) => process.stderr.write(`${line}\n`),
  onProgress: ({ stateName, kind }) => {
    const point = `${stateName} ${kind}`;
    if (point === mortalPoint) process.kill(process.pid, 'SIGKILL');
    if (process.connected) process.send!({ point });
  },
});
process.send!({ up: cloud.endpoints });
process.once('disconnect', () => void cloud.close());
