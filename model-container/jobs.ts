import { type EmbedReport, embedJobSchema, type TrainHeadReport, trainHeadJobSchema } from '../contracts/model-jobs.ts';
import { readSafetensors, writeSafetensors } from '../numerics/safetensors.ts';
import { buildSoftmaxHeadModel } from '../numerics/softmax-head.ts';
import type { NamedTensors, Tensor, TensorType } from '../numerics/tensor.ts';
import type { Device } from '../runtime/device.ts';
import type { EmbeddingPool } from './embedding-pool.ts';
import { embeddingProfile, embeddingProfileId } from './embedding-profile.ts';
import { ModelJobError } from './job-error.ts';
import type { ModelManifest } from './model-registry.ts';
import type { TrainingProcess } from './training-process.ts';

/** A job's body in, its answer's body (safetensors) out. */
export type Job = (body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

export interface EmbedJobDeps {
  readonly manifest: ModelManifest;
  readonly device: Device;
  readonly pool: Pick<EmbeddingPool, 'dims' | 'embed'>;
}

/** `embedJobSchema` as JSON -> tensor `vectors` F32 [texts, dims] with `embedReportSchema`. */
export function createEmbedJob({ manifest, device, pool }: EmbedJobDeps): Job {
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
    const { vectors, tokens, tokenizeMs, computeMs } = await pool.embed(model, texts, signal);
    const dims = pool.dims[model]!;
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

/** Safetensors `vectors` F32 [n, dims], `labels` I32 [n] with `trainHeadJobSchema` -> the trained head with `trainHeadReportSchema`. */
export function createTrainHeadJob(training: Pick<TrainingProcess, 'train'>): Job {
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
    const { head, curves, epochs, bestEpoch, validation, trainedRows, validationRows, computeMs } =
      await training.train({ job, rows: { vectors: vectors.data, labels: labels.data }, dims }, signal);
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
      computeMs,
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

function answer(tensors: NamedTensors, report: EmbedReport | TrainHeadReport): Uint8Array {
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
