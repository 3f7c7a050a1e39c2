import { type ClusteringReport, clusteringReportSchema } from '../../contracts/runs.ts';
import type { GraphRunner } from '../../numerics/runner.ts';
import type { Matrix } from '../../numerics/tensor.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { chooseK, type KChoice } from '../../segmentation/clustering/choose-k.ts';
import { kMeans } from '../../segmentation/clustering/kmeans.ts';
import { silhouette } from '../../segmentation/clustering/silhouette.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { intsTensor, matrixTensor, putTensors } from '../../storage/tensor-files.ts';
import { readRunVectors } from '../../storage/vector-shards.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { NothingToSegmentError } from './nothing-to-segment-error.ts';
import { type RunInput, readPlan, runInputSchema } from './run-input.ts';

/** Finds the segments: k as the owner set it, or chosen from the data, then k-means over all customers. */

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
  readonly runner: GraphRunner;
}

/** With fewer customers a held-out fifth says nothing about a classifier. */
const fewestCustomers = 20;

export async function clusterVectors({ runId }: RunInput, deps: Deps): Promise<{ rows: number; segments: number }> {
  const { objects, registry, runner } = deps;
  const keys = runKeys(runId);
  const plan = await readPlan(objects, runId);
  const { seed, segments } = plan.options;
  const { vectors, firstRows } = await readRunVectors(objects, runId, plan.partitions);
  if (vectors.rows < fewestCustomers) {
    throw new NothingToSegmentError(
      `${vectors.rows} customers have interactions; segments need at least ${fewestCustomers}: drop more data`,
    );
  }
  const choice = await chosen(vectors, segments, seed, runner);
  if (choice.k < 2)
    throw new NothingToSegmentError('all customers have the same vector: there is nothing to tell apart');
  const result = await kMeans(vectors, { k: choice.k, seed }, runner);
  const { mean } = await silhouette(vectors, result.labels, { seed, sampleRows: 2000 }, runner);
  const report: ClusteringReport = {
    algorithm: 'k-means',
    k: result.centroids.rows,
    chosenBy: segments === 'auto' ? 'auto' : 'owner',
    candidates: choice.candidates.map(({ k, silhouette: width, stability, smallestShare, score }) => ({
      k,
      silhouette: width,
      stability,
      smallestShare,
      score,
    })),
    customers: vectors.rows,
    dims: vectors.columns,
    inertia: result.inertia,
    iterations: result.iterations,
    converged: result.converged,
    sizes: [...result.sizes],
    silhouette: mean,
  };
  await Promise.all([
    ...Array.from({ length: plan.partitions }, (_, partition) =>
      putTensors(objects, keys.labels(partition), {
        labels: intsTensor(result.labels.slice(firstRows[partition], firstRows[partition + 1])),
      }),
    ),
    putTensors(objects, keys.centroids, { centroids: matrixTensor(result.centroids) }),
    objects.putJson(keys.clustering, clusteringReportSchema.parse(report)),
  ]);
  await registry.updateRun(runId, { clustering: report, customers: vectors.rows, segments: report.k });
  return { rows: vectors.rows, segments: report.k };
}

async function chosen(vectors: Matrix, segments: number | 'auto', seed: number, runner: GraphRunner): Promise<KChoice> {
  return segments === 'auto' ? chooseK(vectors, { seed }, runner) : { k: segments, candidates: [] };
}

export const handler = stageFunction({
  name: 'cluster-vectors',
  input: runInputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    registry: new RegistryTable(environment.REGISTRY_TABLE),
    runner: createInProcessRunner({ intraOpThreads: 2 }),
  }),
  step: clusterVectors,
});
