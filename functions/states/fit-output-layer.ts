import * as z from 'zod';
import { type Moments, mergeMoments } from '../../segmentation/vectors/moments.ts';
import { fitOutputLayer as fitLayer, outputLayerModel } from '../../segmentation/vectors/output-layer.ts';
import { customerBlocks } from '../../segmentation/vectors/vector-blocks.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { matrixTensor, putTensors, readTensors } from '../../storage/tensor-files.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { NothingToSegmentError } from './nothing-to-segment-error.ts';
import { readPlan, runInputSchema } from './run-input.ts';

/** Fits the layer that takes raw vectors [n, D] to customer vectors [n, d], and saves it as ONNX too, for customers to come. */

/** With the embedding profile of the texts that the raw vectors hold; empty where they hold none. */
const inputSchema = runInputSchema.extend({ profileId: z.string() });
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
}

interface Result {
  readonly rows: number;
  readonly dims: number;
  readonly explainedVariance: number;
}

const blockColumnsSchema = z.object({ text: z.int(), behaviour: z.int(), attributes: z.array(z.int()) });

export async function fitOutputLayer({ runId, profileId }: Input, { objects }: Deps): Promise<Result> {
  const keys = runKeys(runId);
  const plan = await readPlan(objects, runId);
  const written = new Set((await objects.list(`runs/${runId}/moments/`)).map(({ key }) => key));
  const partitions = Array.from({ length: plan.partitions }, (_, partition) => keys.moments(partition));
  const files = await Promise.all(partitions.filter((key) => written.has(key)).map((key) => readTensors(objects, key)));
  const [first] = files;
  if (!first) throw new NothingToSegmentError('no partition holds a customer with interactions');
  const moments = mergeMoments(files.map(momentsIn));
  const layer = fitLayer(
    moments,
    customerBlocks(first.json('blocks', (value) => blockColumnsSchema.parse(value))),
    plan.options.vectorDims,
  );
  await putTensors(objects, keys.outputLayer, {
    mean: { type: 'float32', dims: [layer.columns], data: layer.mean },
    projection: matrixTensor(layer.projection),
    explainedVariance: { type: 'float64', dims: [layer.dims], data: layer.explainedVariance },
  });
  await objects.put(keys.outputLayerModel, outputLayerModel(layer));
  const kept = layer.explainedVariance.reduce((sum, variance) => sum + variance, 0);
  const explainedVariance = layer.totalVariance > 0 ? kept / layer.totalVariance : 0;
  await objects.putJson(keys.outputLayerReport, {
    dims: layer.dims,
    explainedVariance,
    blocks: layer.blocks,
    profileId,
  });
  return { rows: moments.count, dims: layer.dims, explainedVariance };
}

function momentsIn(file: Awaited<ReturnType<typeof readTensors>>): Moments {
  const mean = file.doubles('mean');
  return {
    columns: mean.length,
    count: file.json('count', (value) => z.int().parse(value)),
    mean,
    comoments: file.doubles('comoments'),
  };
}

export const handler = stageFunction({
  name: 'fit-output-layer',
  input: inputSchema,
  createDeps: (environment) => ({ objects: new ObjectStore(environment.BUCKET_NAME) }),
  step: fitOutputLayer,
});
