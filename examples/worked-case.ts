/**
 * The worked case, `npm run worked-case`: 1,000 customers of the sample through encoder and output layer to 100 dimensions, three
 * segments fitted on 800 of them, the classifier trained on those 800, and judged on the other 200, whose true segment is their
 * nearest centroid. The very functions and the very model server of the deployment, without the cloud around them.
 */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { embedReportSchema, safetensorsContentType, trainHeadJobSchema } from '../contracts/model-jobs.ts';
import { bareEnvironment, startChildServer } from '../local/child-server.ts';
import { Random } from '../numerics/random.ts';
import { readSafetensors, writeSafetensors } from '../numerics/safetensors.ts';
import type { Matrix, Tensor } from '../numerics/tensor.ts';
import { createInProcessRunner } from '../runtime/in-process.ts';
import { evaluate } from '../segmentation/classifier/evaluation.ts';
import { classifyRows } from '../segmentation/classifier/softmax.ts';
import { assignNearest, kMeans } from '../segmentation/clustering/kmeans.ts';
import { addAttributes, initAttributes } from '../segmentation/features/attribute-statistics.ts';
import { behaviourMatrix } from '../segmentation/features/behaviour-matrix.ts';
import { columnMeans, columnSums } from '../segmentation/features/column-means.ts';
import { defaultHalfLifeDays, textWeights } from '../segmentation/features/text-weights.ts';
import { createPseudonymizer } from '../segmentation/privacy/pseudonyms.ts';
import { FileIngest, type IngestedFile } from '../segmentation/records/file-ingest.ts';
import { mergeInteractions } from '../segmentation/records/interaction-partitions.ts';
import { customerTable } from '../segmentation/vectors/customer-table.ts';
import { momentsOf } from '../segmentation/vectors/moments.ts';
import { fitOutputLayer, projectRows } from '../segmentation/vectors/output-layer.ts';
import { poolTexts } from '../segmentation/vectors/pooling.ts';
import { selectRows } from '../segmentation/vectors/row-blocks.ts';
import { customerBlocks } from '../segmentation/vectors/vector-blocks.ts';

export interface WorkedCase {
  readonly customers: number;
  readonly dims: number;
  readonly fittedOn: number;
  readonly judgedOn: number;
  readonly segmentSizes: readonly number[];
  readonly accuracy: number;
  readonly macroF1: number;
  readonly majorityBaseline: number;
}

const customersTaken = 1000;
const fitted = 800;
const segments = 3;
const dims = 100;
const seed = 0;
const runner = createInProcessRunner({ intraOpThreads: 1 });

export async function workedCase(): Promise<WorkedCase> {
  const server = await startChildServer({
    name: 'model-server',
    script: new URL('../model-container/server.ts', import.meta.url),
    environment: {
      ...bareEnvironment(join(tmpdir(), 'kindred-compile-cache')),
      SAGEMAKER_BIND_TO_PORT: '0',
      BIND_ADDRESS: '127.0.0.1',
    },
    logFile: join(tmpdir(), `kindred-worked-case-${process.pid}.log`),
    graceMs: 5000,
    onUnexpectedExit: (error) => {
      throw error;
    },
  });
  try {
    return await judge(server.url);
  } finally {
    await server.close();
  }
}

async function judge(modelUrl: string): Promise<WorkedCase> {
  const table = await sampleTable(modelUrl);
  const shuffled = new Random(seed).permutation(table.rows.rows);
  const chosen = selectRows(table.rows, shuffled.subarray(0, customersTaken));
  const training = range(0, fitted);
  const others = range(fitted, customersTaken);
  const layer = fitOutputLayer(
    await momentsOf(selectRows(chosen, training), runner),
    customerBlocks(table.columns),
    dims,
  );
  const vectors = await projectRows(layer, chosen, runner);
  const { labels, centroids, sizes } = await kMeans(selectRows(vectors, training), { k: segments, seed }, runner);
  const head = await trainHead(modelUrl, selectRows(vectors, training), labels);
  const unseen = selectRows(vectors, others);
  const truth = await assignNearest(unseen, centroids, runner);
  const { accuracy, macroF1, majorityBaseline } = evaluate(await classifyRows(head, unseen, runner), truth);
  return {
    customers: customersTaken,
    dims: layer.dims,
    fittedOn: fitted,
    judgedOn: others.length,
    segmentSizes: [...sizes],
    accuracy,
    macroF1,
    majorityBaseline,
  };
}

async function sampleTable(modelUrl: string) {
  const pseudonymize = createPseudonymizer(new TextEncoder().encode('the worked case needs no secret key'));
  const [customers, products, sales] = await Promise.all(
    ['customers', 'products', 'sales'].map((name) => ingest(name, (id) => pseudonymize('customer', id))),
  );
  const interactions = mergeInteractions([sales!.interactions]);
  const asOfMs = sales!.report.lastAtMs!;
  const behaviour = behaviourMatrix(interactions, asOfMs);
  const weights = textWeights(interactions, new Map(products!.items.map(({ item, textId }) => [item, textId])), {
    asOfMs,
    halfLifeDays: defaultHalfLifeDays,
  });
  const textOf = new Map(products!.texts.map(({ textId, text }) => [textId, text]));
  const textVectors = await embed(
    modelUrl,
    weights.textIds.map((textId) => textOf.get(textId)!),
  );
  const text = poolTexts(
    { rowStarts: weights.rowStart, texts: weights.textIndex, weights: weights.weights },
    textVectors,
  );
  const profiles = new Map(customers!.customers.map((record) => [record.customer, record.attributes]));
  const attributes = behaviour.customers.map((customer) => profiles.get(customer) ?? {});
  const statistics = initAttributes();
  for (const record of attributes) addAttributes(statistics, record);
  const columns = behaviour.names.length;
  return customerTable(
    { text, behaviour: { rows: attributes.length, columns, data: behaviour.features }, attributes },
    { featureMeans: columnMeans([columnSums(behaviour.features, columns)], columns), attributes: statistics },
  );
}

async function ingest(name: string, pseudonymOf: (id: string) => string): Promise<IngestedFile> {
  const path = join(import.meta.dirname, 'foodmart', `${name}.csv.gz`);
  const file = new FileIngest({ fileName: path, pseudonymOf, receivedAtMs: Date.UTC(2026, 0, 1) });
  file.write(gunzipSync(await readFile(path)));
  return file.finish();
}

async function embed(modelUrl: string, texts: readonly string[]): Promise<Matrix> {
  const job = JSON.stringify({ kind: 'embed', model: 'all-MiniLM-L6-v2', texts });
  const { tensors, metadata } = await invoke(modelUrl, 'application/json', job);
  const { dims: columns } = embedReportSchema.parse(JSON.parse(metadata['job']!));
  return { rows: texts.length, columns, data: tensors['vectors']!.data as Float32Array };
}

async function trainHead(modelUrl: string, vectors: Matrix, labels: Int32Array) {
  const job = trainHeadJobSchema.parse({ kind: 'train-head', classes: segments, seed });
  const request = writeSafetensors(
    {
      vectors: { type: 'float32', dims: [vectors.rows, vectors.columns], data: vectors.data },
      labels: { type: 'int32', dims: [labels.length], data: labels },
    },
    { job: JSON.stringify(job) },
  );
  const { tensors } = await invoke(modelUrl, safetensorsContentType, request);
  const weights = tensors['weights'] as Tensor<'float32'>;
  return {
    weights: { rows: vectors.columns, columns: segments, data: weights.data },
    bias: tensors['bias']!.data as Float32Array,
  };
}

async function invoke(modelUrl: string, contentType: string, body: string | Uint8Array) {
  const answer = await fetch(`${modelUrl}/invocations`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body: body as string,
  });
  if (!answer.ok) throw new Error(`the model server answered ${answer.status}: ${await answer.text()}`);
  return readSafetensors(new Uint8Array(await answer.arrayBuffer()));
}

function range(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to - from }, (_, index) => from + index);
}

if (import.meta.main) {
  const {
    customers,
    fittedOn,
    judgedOn,
    segmentSizes,
    accuracy,
    macroF1,
    majorityBaseline,
    dims: d,
  } = await workedCase();
  console.log(
    `${customers} customers, ${d} dimensions, ${segments} segments of ${segmentSizes.join(', ')} fitted on ${fittedOn}`,
  );
  console.log(
    `on the other ${judgedOn}: accuracy ${accuracy.toFixed(3)}, macro-F1 ${macroF1.toFixed(3)}, majority baseline ${majorityBaseline.toFixed(3)}`,
  );
}
