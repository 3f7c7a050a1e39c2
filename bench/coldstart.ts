import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { z } from 'zod';
import { bundleFunctions, bundleOptions } from '../infra/bundles.ts';
import { projectRoot } from '../infra/kindred-app.ts';
import type { BenchRequest } from './bench-request.ts';
import { alternate, type Comparison, median, printTable, spread } from './comparison.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);
const importScript = fileURLToPath(new URL('./import-cost.mjs', import.meta.url));
const plainModule = fileURLToPath(new URL('./peers/plain-look-up.mjs', import.meta.url));
const costSchema = z.object({ cpuMs: z.number() });

const lookUps = ['get-customer-segment', 'list-segment-members', 'list-segments'] as const;
/** Imports a round: one alone is at the mercy of whatever else the machine does. */
const importsPerRound = 5;

/**
 * What a cold look-up waits for before its first line runs: importing the function's bundle in a new process, as CPU time, and the
 * bundle's size. The peer does the look-up with SDK clients, zod and middy, once as it stands in node_modules and once bundled and minified
 * with the same options.
 */
export async function benchColdstart({ rounds }: BenchRequest): Promise<readonly Comparison[]> {
  const bundles = bundleFunctions(projectRoot, 'linux-arm64');
  return withTemporaryFolder(async (folder) => {
    const plainBundle = join(folder, 'plain.mjs');
    await build({ ...bundleOptions, absWorkingDir: projectRoot, entryPoints: [plainModule], outfile: plainBundle });
    const files = lookUps.map((name) => ({ name, path: join(bundles[name].folder, 'index.mjs') }));
    const { ours, theirs } = await alternate(
      rounds,
      () => costsOf(files.map(({ path }) => path)),
      () => costsOf([plainModule, plainBundle]),
    );
    const of = (costs: readonly (readonly number[][])[], at: number) => costs.flatMap((round) => round[at]!);
    const peers = [
      { peer: 'SDK, zod and middy, unbundled', costs: of(theirs, 0) },
      { peer: 'SDK, zod and middy, bundled', costs: of(theirs, 1) },
    ];
    const sizes = await Promise.all(files.map(({ path }) => kilobytes(path)));
    const plainSize = await kilobytes(plainBundle);
    printTable(
      ['module', 'KB', 'CPU ms to import'],
      [
        ...files.map(({ name }, at) => [name, sizes[at]!, spread(of(ours, at))]),
        ['peer, unbundled', '', spread(peers[0]!.costs)],
        ['peer, bundled', plainSize, spread(peers[1]!.costs)],
      ],
    );
    return files.flatMap(({ name }, at): Comparison[] => [
      {
        bench: 'coldstart',
        work: `bundle of ${name}`,
        peer: peers[1]!.peer,
        ours: sizes[at]!,
        theirs: plainSize,
        unit: 'KB',
      },
      ...peers.map(({ peer, costs }): Comparison => {
        const work = `importing ${name} on Node ${process.versions.node}, CPU`;
        return { bench: 'coldstart', work, peer, ours: median(of(ours, at)), theirs: median(costs), unit: 'ms' };
      }),
    ]);
  });
}

/** CPU milliseconds of importing each of the modules, a new process every time. */
async function costsOf(paths: readonly string[]): Promise<number[][]> {
  const costs: number[][] = paths.map(() => []);
  for (let round = 0; round < importsPerRound; round += 1) {
    for (const [at, path] of paths.entries()) {
      const { stdout } = await run(process.execPath, [importScript, path], { env: environment });
      costs[at]!.push(costSchema.parse(JSON.parse(stdout)).cpuMs);
    }
  }
  return costs;
}

/** No compile cache: a new execution environment of Lambda has none either. */
const environment = { PATH: process.env['PATH'], AWS_REGION: 'us-east-1' };

async function kilobytes(path: string): Promise<number> {
  return Math.round((await stat(path)).size / 100) / 10;
}
