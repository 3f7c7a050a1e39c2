import { createHash } from 'node:crypto';
import * as z from 'zod';
import { trainHeadReportSchema } from '../../contracts/model-jobs.ts';
import { clusteringReportSchema, type Evaluation, evaluationSchema, type RunPlan } from '../../contracts/runs.ts';
import type { GraphRunner } from '../../numerics/runner.ts';
import { buildSoftmaxHeadModel } from '../../numerics/softmax-head.ts';
import { createInProcessRunner } from '../../runtime/in-process.ts';
import { expectedCalibrationError, fitTemperature } from '../../segmentation/classifier/calibration.ts';
import { answersOf, evaluate } from '../../segmentation/classifier/evaluation.ts';
import { classifyRows, logitsOf, withTemperature } from '../../segmentation/classifier/softmax.ts';
import { selectRows } from '../../segmentation/vectors/row-blocks.ts';
import { runKeys } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { outputLayerReportSchema } from '../../storage/run-classifier.ts';
import { matrixTensor, putTensors, readTensors } from '../../storage/tensor-files.ts';
import { readRunLabels, readRunVectors } from '../../storage/vector-shards.ts';
import { stageFunction } from '../wiring/state-function.ts';
import { readPlan, runInputSchema } from './run-input.ts';

/**
 * Judges the trained classifier on customers it has never seen, calibrates its confidence, and decides whether the run may go
 * live. The temperature is fitted on one half of the held-out customers and its calibration error measured on the other.
 */

const inputSchema = runInputSchema.extend({ trainingOutputKey: z.string() });
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
  readonly runner: GraphRunner;
}

interface Result {
  readonly rows: number;
  readonly promote: boolean;
  readonly reason: string;
}

export async function evaluateRun({ runId, trainingOutputKey }: Input, deps: Deps): Promise<Result> {
  const { objects, registry, runner } = deps;
  const keys = runKeys(runId);
  const plan = await readPlan(objects, runId);
  const [training, { vectors }, labels, split, explainedVariance, clustering] = await Promise.all([
    readTensors(objects, trainingOutputKey),
    readRunVectors(objects, runId, plan.partitions),
    readRunLabels(objects, runId, plan.partitions),
    readTensors(objects, keys.split),
    keptVariance(objects, plan),
    objects.getJson(keys.clustering, (value) => clusteringReportSchema.parse(value)),
  ]);
  const report = training.json('job', (value) => trainHeadReportSchema.parse(value));
  const trained = { weights: training.matrix('weights'), bias: training.floats('bias') };
  const labelsOf = (rows: Int32Array) => rows.map((row) => labels[row] as number);

  const heldOut = split.ints('heldOut');
  const calibrating = heldOut.filter((_, at) => at % 2 === 0);
  const checking = heldOut.filter((_, at) => at % 2 === 1);
  const temperature = fitTemperature(
    await logitsOf(trained, selectRows(vectors, calibrating), runner),
    labelsOf(calibrating),
  );
  const classifier = withTemperature(trained, temperature);
  const onHeldOut = evaluate(await classifyRows(classifier, selectRows(vectors, heldOut), runner), labelsOf(heldOut));
  const answers = answersOf(await classifyRows(classifier, vectors, runner));
  const model = buildSoftmaxHeadModel(classifier);
  const { minimumAccuracy } = plan.options;
  const promote = onHeldOut.accuracy >= minimumAccuracy;
  const evaluation: Evaluation = {
    heldOutCustomers: heldOut.length,
    accuracy: onHeldOut.accuracy,
    macroF1: onHeldOut.macroF1,
    majorityBaseline: onHeldOut.majorityBaseline,
    fidelity: answers.reduce((same, answer, row) => same + (answer === labels[row] ? 1 : 0), 0) / labels.length,
    temperature,
    expectedCalibrationError:
      checking.length === 0
        ? onHeldOut.calibrationError
        : expectedCalibrationError(
            await classifyRows(classifier, selectRows(vectors, checking), runner),
            labelsOf(checking),
          ),
    explainedVariance,
    trainedEpochs: report.epochs,
    modelVersion: `${runId}-${createHash('sha256').update(model).digest('hex').slice(0, 12)}`,
    promote,
    reason: promote
      ? `accuracy ${onHeldOut.accuracy.toFixed(3)} on ${heldOut.length} held-out customers is at least ${minimumAccuracy}`
      : `accuracy ${onHeldOut.accuracy.toFixed(3)} on ${heldOut.length} held-out customers is below ${minimumAccuracy} ` +
        `(${clustering.k} segments): set fewer segments, or a lower minimumAccuracy`,
  };
  await Promise.all([
    objects.putJson(keys.evaluation, evaluationSchema.parse(evaluation)),
    objects.put(keys.classifierModel, model),
    putTensors(objects, keys.classifier, {
      weights: matrixTensor(classifier.weights),
      bias: { type: 'float32', dims: [classifier.bias.length], data: classifier.bias },
      curves: matrixTensor(training.matrix('curves')),
    }),
    registry.updateRun(runId, { evaluation }),
  ]);
  return { rows: heldOut.length, promote, reason: evaluation.reason };
}

/** Part of the raw vectors' variance that the output layer keeps: all of it where the vectors are the team's own. */
async function keptVariance(objects: ObjectStore, { runId, matrix }: RunPlan): Promise<number> {
  if (matrix) return 1;
  const key = runKeys(runId).outputLayerReport;
  return (await objects.getJson(key, (value) => outputLayerReportSchema.parse(value))).explainedVariance;
}

export const handler = stageFunction({
  name: 'evaluate-run',
  input: inputSchema,
  createDeps: (environment) => ({
    objects: new ObjectStore(environment.BUCKET_NAME),
    registry: new RegistryTable(environment.REGISTRY_TABLE),
    runner: createInProcessRunner({ intraOpThreads: 1 }),
  }),
  step: evaluateRun,
});
