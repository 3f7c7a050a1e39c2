import { createHash } from 'node:crypto';
import type { ModelHost } from '../contracts/model-jobs.ts';

/** Every S3 key of the data bucket is made here. A key is a function of what it holds: a retry writes the same place again. */

export const inboxPrefix = 'inbox/';
export const importsPrefix = 'imports/';
export const vectorsInboxPrefix = 'vectors-inbox/';
export const matricesPrefix = 'matrices/';

/** An import is one version of one object: 32 hex digits of sha256(key NUL versionId). */
export function importIdOf(objectKey: string, versionId: string): string {
  return createHash('sha256').update(objectKey).update('\0').update(versionId).digest('hex').slice(0, 32);
}

function partitionName(partition: number): string {
  return `p${String(partition).padStart(4, '0')}`;
}

/** `inbox/a/sales.csv` -> `a/sales.csv` */
function inInbox(objectKey: string): string {
  return objectKey.startsWith(inboxPrefix) ? objectKey.slice(inboxPrefix.length) : objectKey;
}

function commitFolder(objectKey: string): string {
  return `${importsPrefix}${createHash('sha256').update(objectKey).digest('hex').slice(0, 32)}/`;
}

/** The part of a commit's key that is known from a listing of the inbox alone: which bytes of which object it is of. */
export function commitPrefix(objectKey: string, etag: string): string {
  return `${commitFolder(objectKey)}${etag}.`;
}

export const importKeys = {
  commit: (objectKey: string, etag: string, importId: string) => `${commitPrefix(objectKey, etag)}${importId}.json`,
  report: (objectKey: string, importId: string) => `reports/${inInbox(objectKey)}/${importId}.json`,
  rejects: (objectKey: string, importId: string) => `rejects/${inInbox(objectKey)}/${importId}.csv`,
};

/** A matrix is one version of its object and one of its ids: 32 hex digits of sha256 over both keys and versions, NUL between them. */
export function matrixIdOf(...versions: readonly { readonly key: string; readonly versionId: string }[]): string {
  const names = versions.flatMap(({ key, versionId }) => [key, versionId]);
  return createHash('sha256').update(names.join('\0')).digest('hex').slice(0, 32);
}

export const matrixKeys = {
  commit: (matrixId: string) => `${matricesPrefix}${matrixId}.json`,
  report: (objectKey: string, matrixId: string) => `reports/${objectKey}/${matrixId}.json`,
  /** Of an object that makes no pair. */
  loneReport: (objectKey: string) => `reports/${objectKey}/alone.json`,
  rejects: (objectKey: string, matrixId: string) => `rejects/${objectKey}/${matrixId}.csv`,
};

export const lakeKeys = {
  customers: (partition: number, importId: string) => `lake/customers/${partitionName(partition)}/${importId}.parquet`,
  interactions: (partition: number, importId: string) =>
    `lake/interactions/${partitionName(partition)}/${importId}.parquet`,
  vectorCustomers: (partition: number, matrixId: string) =>
    `lake/vector-customers/${partitionName(partition)}/${matrixId}.safetensors`,
  vectors: (partition: number, matrixId: string) => `lake/vectors/${partitionName(partition)}/${matrixId}.safetensors`,
  items: (importId: string) => `lake/items/${importId}.parquet`,
  texts: (importId: string) => `lake/texts/${importId}.parquet`,
};

export const embeddingKeys = {
  /** The profile in which a host last gave vectors of a model. */
  currentProfile: (model: string, host: ModelHost) => `embeddings/${model}/${host}-profile.json`,
  vectorsPrefix: (profileId: string) => `embeddings/vectors/${profileId}/`,
  vectors: (profileId: string, runId: string, batch: number) =>
    `embeddings/vectors/${profileId}/${runId}-${String(batch).padStart(5, '0')}.safetensors`,
};

/** 12 -> `run-000012` */
export function runIdOf(runSeq: number): string {
  return `run-${String(runSeq).padStart(6, '0')}`;
}

export function runKeys(runId: string) {
  const at = `runs/${runId}`;
  return {
    missedFiles: `${at}/missed-files.json`,
    plan: `${at}/plan.json`,
    partitions: `${at}/partitions.json`,
    embedJobs: `${at}/embed-jobs.json`,
    features: (partition: number) => `${at}/features/${partitionName(partition)}.safetensors`,
    profiles: (partition: number) => `${at}/profiles/${partitionName(partition)}.json`,
    profileStatistics: (partition: number) => `${at}/profile-statistics/${partitionName(partition)}.json`,
    textWeights: (partition: number) => `${at}/text-weights/${partitionName(partition)}.safetensors`,
    inputs: (partition: number) => `${at}/inputs/${partitionName(partition)}.safetensors`,
    moments: (partition: number) => `${at}/moments/${partitionName(partition)}.safetensors`,
    outputLayer: `${at}/output-layer.safetensors`,
    outputLayerReport: `${at}/output-layer.json`,
    outputLayerModel: `${at}/output-layer.onnx`,
    vectors: (partition: number) => `${at}/vectors/${partitionName(partition)}.safetensors`,
    clustering: `${at}/clustering.json`,
    centroids: `${at}/centroids.safetensors`,
    labels: (partition: number) => `${at}/labels/${partitionName(partition)}.safetensors`,
    segments: `${at}/segments.json`,
    split: `${at}/split.safetensors`,
    evaluation: `${at}/evaluation.json`,
    classifier: `${at}/classifier.safetensors`,
    classifierModel: `${at}/classifier.onnx`,
    assignments: (partition: number) => `${at}/assignments/${partitionName(partition)}.json`,
    members: (segmentId: string) => `${at}/members/${segmentId}.json`,
    memberPart: (segmentId: string, partition: number) => `${at}/members/${segmentId}/${partitionName(partition)}.json`,
  };
}

export const modelInputKeys = {
  embed: (runId: string, batch: number) => `model-input/${runId}/embed-${String(batch).padStart(5, '0')}.json`,
  train: (runId: string) => `model-input/${runId}/train.safetensors`,
  /** The request of a training that goes on after so many epochs. */
  trainFrom: (runId: string, epochs: number) =>
    `model-input/${runId}/train-from-${String(epochs).padStart(6, '0')}.safetensors`,
};

/** Where the Lambda function puts the answer to the request `inputKey`; the endpoint chooses names of its own. */
export function modelOutputKey(inputKey: string): string {
  return `${inputKey.replace(/^model-input\//, 'model-output/lambda/')}.out`;
}

export const exportKeys = {
  membershipChanges: (runId: string) => `exports/${runId}/membership-changes.jsonl`,
};
