import { join } from 'node:path';
import { kmeans } from 'ml-kmeans';
import { z } from 'zod';
import { Random } from '../numerics/random.ts';
import type { Matrix } from '../numerics/tensor.ts';
import { createInProcessRunner } from '../runtime/in-process.ts';
import { kMeans } from '../segmentation/clustering/kmeans.ts';
import type { BenchRequest } from './bench-request.ts';
import { alternate, type Comparison, median, note, printTable, requireAgreement, rounded } from './comparison.ts';
import { readInt32s, writeNumbers } from './number-files.ts';
import { peerVersions, runPeer } from './python-peer.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

const shapes = [
  { rows: 20_000, dims: 100, k: 8 },
  { rows: 100_000, dims: 100, k: 8 },
] as const;

/** More moves than the data need: all sides stop when nothing changes any more. */
const maxIterations = 1000;
/** As the function that clusters. */
const intraOpThreads = 2;
/** Sides that add in another order or precision may put a row on a border elsewhere. */
const allowedDifferingShare = 0.001;

/** One clustering from a given start until no centroid moves. */
interface Fit {
  readonly seconds: number;
  readonly iterations: number;
  readonly labels: Int32Array;
}

/**
 * k-means from the same start until it rests: Kindred against ml-kmeans and scikit-learn, in time per iteration and in all.
 * At most one row in a thousand may have another label.
 */
export async function benchCluster({ rounds }: BenchRequest): Promise<readonly Comparison[]> {
  const versions = await peerVersions(['scikit-learn', 'numpy']);
  const comparisons: Comparison[] = [];
  for (const shape of shapes)
    comparisons.push(...(await withTemporaryFolder((folder) => compare(shape, rounds, folder, versions))));
  return comparisons;
}

async function compare(
  { rows, dims, k }: (typeof shapes)[number],
  rounds: number,
  folder: string,
  versions: string,
): Promise<readonly Comparison[]> {
  const vectors = overlappingClouds(rows, dims);
  const start = { rows: k, columns: dims, data: vectors.data.slice(0, k * dims) };
  const arrays = Array.from({ length: rows }, (_, row) =>
    Array.from(vectors.data.subarray(row * dims, (row + 1) * dims)),
  );
  const files = { vectors: join(folder, 'vectors.f32'), labels: join(folder, 'labels.i32') };
  await writeNumbers(files.vectors, vectors.data);
  note(`${rows} x ${dims}, k = ${k}`);
  const { ours, theirs } = await alternate(
    rounds,
    () => withKindred(vectors, start),
    async () => ({
      'ml-kmeans': withMlKMeans(arrays, k),
      'scikit-learn': await withScikitLearn(files, dims, k),
    }),
  );
  const own = summary(ours);
  const peers = Object.keys(theirs[0]!).map((name) => {
    const fits = theirs.map((round) => round[name as keyof typeof round]);
    return { name, ...summary(fits), differing: differingLabels(ours[0]!.labels, fits[0]!.labels) };
  });
  printTable(
    ['program', 'iterations', 'all s', 'per iteration s', 'rows with another label'],
    [{ name: 'Kindred', ...own, differing: 0 }, ...peers].map(
      ({ name, iterations, seconds, perIteration, differing }) => [
        name,
        iterations,
        rounded(seconds),
        rounded(perIteration),
        differing,
      ],
    ),
  );
  for (const { name, differing } of peers) {
    requireAgreement(
      differing <= rows * allowedDifferingShare,
      `${name} gives ${differing} of ${rows} rows another label.`,
    );
  }
  return peers.flatMap(({ name, seconds, perIteration }): Comparison[] => {
    const peer = name === 'ml-kmeans' ? name : `${name} (${versions})`;
    const work = `k-means ${rows} x ${dims}, k = ${k}`;
    return [
      { bench: 'cluster', work, peer, ours: own.seconds, theirs: seconds, unit: 's' },
      { bench: 'cluster', work, peer, ours: own.perIteration, theirs: perIteration, unit: 's/iteration' },
    ];
  });
}

function summary(fits: readonly Fit[]): { iterations: number; seconds: number; perIteration: number } {
  const seconds = median(fits.map((fit) => fit.seconds));
  const { iterations } = fits[0]!;
  return { iterations, seconds, perIteration: seconds / iterations };
}

/** Rows [n] whose label is not the one that most of their cluster's rows have on the other side; cluster numbers need not match. */
function differingLabels(left: Int32Array, right: Int32Array): number {
  const byLabel = Map.groupBy(left.keys(), (row) => left[row]!);
  return [...byLabel.values()].reduce((sum, rows) => {
    const counts = new Map<number, number>();
    for (const row of rows) counts.set(right[row]!, (counts.get(right[row]!) ?? 0) + 1);
    return sum + rows.length - Math.max(...counts.values());
  }, 0);
}

/** Rows around 16 centres near enough to each other that k-means needs dozens of moves. */
function overlappingClouds(rows: number, dims: number): Matrix {
  const random = new Random(1);
  const centres = Float32Array.from({ length: 16 * dims }, () => random.normal() * 0.3);
  const data = new Float32Array(rows * dims);
  for (let row = 0; row < rows; row += 1) {
    const centre = random.int(16);
    for (let column = 0; column < dims; column += 1) {
      data[row * dims + column] = centres[centre * dims + column]! + random.normal();
    }
  }
  return { rows, columns: dims, data };
}

async function withKindred(vectors: Matrix, start: Matrix): Promise<Fit> {
  const runner = createInProcessRunner({ intraOpThreads });
  const startedAtMs = performance.now();
  const { labels, iterations } = await kMeans(
    vectors,
    { k: start.rows, seed: 0, start, maxIterations, tolerance: 0 },
    runner,
  );
  return { seconds: secondsSince(startedAtMs), iterations, labels };
}

function withMlKMeans(arrays: number[][], k: number): Fit {
  const startedAtMs = performance.now();
  const { clusters, iterations } = kmeans(arrays, k, {
    initialization: arrays.slice(0, k),
    maxIterations,
    tolerance: 0,
  });
  return { seconds: secondsSince(startedAtMs), iterations, labels: Int32Array.from(clusters) };
}

async function withScikitLearn(
  files: { readonly vectors: string; readonly labels: string },
  dims: number,
  k: number,
): Promise<Fit> {
  const args = [files.vectors, String(dims), String(k), String(maxIterations), files.labels];
  const { answer } = await runPeer('cluster.py', args, z.object({ seconds: z.number(), iterations: z.int() }));
  return { ...answer, labels: await readInt32s(files.labels) };
}

function secondsSince(startedAtMs: number): number {
  return (performance.now() - startedAtMs) / 1000;
}
