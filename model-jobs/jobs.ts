import {
  type EmbedReport,
  embedJobSchema,
  type HeadCheckpoint,
  type TrainHeadReport,
  trainHeadJobSchema,
} from '../contracts/model-jobs.ts';
import { readSafetensors, writeSafetensors } from '../numerics/safetensors.ts';
import { buildSoftmaxHeadModel } from '../numerics/softmax-head.ts';
import type { NamedTensors, Tensor, TensorType } from '../numerics/tensor.ts';
import type { Device } from '../runtime/device.ts';
import { embeddingProfile, embeddingProfileId } from './embedding-profile.ts';
import { decodeCheckpoint, encodeCheckpoint } from './head-checkpoint.ts';
import type { HeadTrainingProgress, HeadTrainingTask, TrainedHead } from './head-training.ts';
import { ModelJobError } from './job-error.ts';
import type { ModelManifest } from './model-registry.ts';
import type { EncodedTexts } from './sentence-encoder.ts';

/** A job's body in, its answer's body (safetensors) out. */
export type Job = (body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

/** Embeds texts by the encoders of the manifest. */
export interface Embedder {
  /** Vector size of a model of the manifest. */
  dimsOf(model: string): Promise<number>;
  /** Vectors in the order of `texts`. Once `signal` aborts it rejects with the signal's reason. */
  embed(model: string, texts: readonly string[], signal: AbortSignal): Promise<EncodedTexts>;
}

/** Trains heads; see `trainHead`. */
export interface HeadTraining {
  train(task: HeadTrainingTask, signal: AbortSignal): Promise<TrainedHead | HeadTrainingProgress>;
}

export interface EmbedJobDeps {
  readonly manifest: ModelManifest;
  readonly device: Device;
  readonly embedder: Embedder;
}

/** `embedJobSchema` as JSON -> tensor `vectors` F32 [texts, dims] with `embedReportSchema`. */
export function createEmbedJob({ manifest, device, embedder }: EmbedJobDeps): Job {
  return async (body, signal) => {
    const { model, texts, expectedProfileId } = embedJobSchema.parse(
      parseJson('the body', new TextDecoder().decode(body)),
    );
    const entry = Object.hasOwn(manifest, model) ? manifest[model] : undefined;
    if (entry === undefined) {
      throw new ModelJobError(
        'UNKNOWN_MODEL',
        `model "${model}" is not here; allowed: ${Object.keys(manifest).join(', ')}`,
      );
    }
    const profile = embeddingProfile(model, entry, device);
    const profileId = embeddingProfileId(profile);
    if (expectedProfileId !== undefined && expectedProfileId !== profileId) {
      throw new ModelJobError(
        'PROFILE_CHANGED',
        `this endpoint embeds with profile ${profileId}, the job expects ${expectedProfileId}; embed all texts anew with one profile`,
      );
    }
    const { vectors, tokens, tokenizeMs, computeMs } = await embedder.embed(model, texts, signal);
    const dims = await embedder.dimsOf(model);
    const report: EmbedReport = {
      kind: 'embed',
      profile,
      profileId,
      texts: texts.length,
      tokens,
      dims,
      tokenizeMs,
      computeMs,
    };
    return answer({ vectors: { type: 'float32', dims: [texts.length, dims], data: vectors } }, report);
  };
}

/**
 * Safetensors `vectors` F32 [n, dims], `labels` I32 [n] with `trainHeadJobSchema`, and of a training that goes on its checkpoint -> the
 * trained head with `trainHeadReportSchema`, or a checkpoint with `headCheckpointSchema`.
 */
export function createTrainHeadJob(training: HeadTraining, monotonicMs: () => number): Job {
  return async (body, signal) => {
    const { metadata, tensors } = readSafetensors(body);
    const job = trainHeadJobSchema.parse(parseJson('__metadata__.job', metadata.job ?? ''));
    const vectors = required(tensors, 'vectors', 'float32', 2);
    const labels = required(tensors, 'labels', 'int32', 1);
    const [rows, dims] = vectors.dims as [number, number];
    if (labels.data.length !== rows || dims === 0) {
      throw new ModelJobError(
        'INVALID_JOB',
        `vectors [${vectors.dims}] and labels [${labels.dims}] do not fit: one label per row, at least 1 dimension`,
      );
    }
    const checkpoint =
      metadata.checkpoint === undefined
        ? undefined
        : decodeCheckpoint(parseJson('__metadata__.checkpoint', metadata.checkpoint), tensors, { ...job, dims });
    const startedMs = monotonicMs();
    const rowsOfJob = { vectors: vectors.data, labels: labels.data };
    const trained = await training.train({ job, rows: rowsOfJob, dims, ...(checkpoint && { checkpoint }) }, signal);
    if (!trained.isFinished) {
      const encoded = encodeCheckpoint(trained);
      return answer(encoded.tensors, encoded.checkpoint);
    }
    const { head, curves, epochs, bestEpoch, validation, trainedRows, validationRows } = trained;
    const report: TrainHeadReport = {
      kind: 'train-head',
      classes: job.classes,
      dims,
      trainedRows,
      validationRows,
      epochs,
      bestEpoch,
      validationAccuracy: validation.accuracy,
      validationLoss: validation.loss,
      loss: job.loss,
      computeMs: monotonicMs() - startedMs,
    };
    const model = buildSoftmaxHeadModel(head);
    return answer(
      {
        weights: { type: 'float32', dims: [dims, job.classes], data: head.weights.data },
        bias: { type: 'float32', dims: [job.classes], data: head.bias },
        curves: { type: 'float32', dims: [epochs, 4], data: curves },
        model: { type: 'uint8', dims: [model.length], data: model },
      },
      report,
    );
  };
}

function answer(tensors: NamedTensors, report: EmbedReport | TrainHeadReport | HeadCheckpoint): Uint8Array {
  return writeSafetensors(tensors, { job: JSON.stringify(report) });
}

function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The cause's message quotes the text, so it is kept out of this one.
    throw new ModelJobError(
      'INVALID_JOB',
      `${what} is not JSON; send the job as contracts/model-jobs.ts describes it`,
      { cause },
    );
  }
}

function required<T extends TensorType>(tensors: NamedTensors, name: string, type: T, rank: number): Tensor<T> {
  const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  if (tensor === undefined || tensor.type !== type || tensor.dims.length !== rank) {
    const got = tensor === undefined ? 'nothing' : `${tensor.type} [${tensor.dims}]`;
    throw new ModelJobError('INVALID_JOB', `tensor "${name}" must be ${type} of rank ${rank}, got ${got}`);
  }
  return tensor as Tensor<T>;
}
