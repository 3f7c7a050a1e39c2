import * as z from 'zod';

/**
 * What crosses the model endpoint. Requests and answers with matrices are safetensors files
 * (https://github.com/huggingface/safetensors, "Format"): the job's options or report stand as JSON under `__metadata__.job`.
 */

/** Where a model job is run: in a Lambda function on its CPU, or on the SageMaker endpoint. */
export const modelHosts = ['lambda', 'sagemaker'] as const;
export type ModelHost = (typeof modelHosts)[number];

/** Everything a vector's bits depend on. Vectors are equal to the bit within one profile; the profile is part of the cache key. */
export const embeddingProfileSchema = z.strictObject({
  /** Folder name of the encoder, e.g. `all-MiniLM-L6-v2`. */
  model: z.string().min(1),
  /** sha256 of model.onnx, hex. */
  modelSha256: z.string().length(64),
  /** sha256 of tokenizer.json, hex. */
  tokenizerSha256: z.string().length(64),
  /** Numeric format of the weights: `int8`, `fp16`, `fp32`. */
  precision: z.enum(['int8', 'fp16', 'fp32']),
  /** How a text's vector is made from its tokens' vectors. */
  pooling: z.enum(['mean', 'cls']),
  maxTokens: z.int().positive(),
  /** ONNX Runtime execution provider. */
  provider: z.enum(['cpu', 'cuda']),
  runtimeVersion: z.string().min(1),
  /** Processor architecture and the instruction sets that choose kernels, or the GPU's name. */
  deviceClass: z.string().min(1),
});
export type EmbeddingProfile = z.infer<typeof embeddingProfileSchema>;

export const embedJobSchema = z.strictObject({
  kind: z.literal('embed'),
  model: z.string().min(1),
  /** Unique texts, already scrubbed of contact data. */
  texts: z.array(z.string()).min(1).max(1_000_000),
  /** Set when vectors of an earlier run are to be mixed with these: the job is refused if the endpoint's profile differs. */
  expectedProfileId: z.string().optional(),
});
export type EmbedJob = z.infer<typeof embedJobSchema>;

/** `__metadata__.job` of an embed answer; tensor `vectors` F32 [texts, dims], unit length, in the order of the request. */
export const embedReportSchema = z.strictObject({
  kind: z.literal('embed'),
  profile: embeddingProfileSchema,
  profileId: z.string().min(1),
  texts: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
  dims: z.int().positive(),
  tokenizeMs: z.number().nonnegative(),
  computeMs: z.number().nonnegative(),
});
export type EmbedReport = z.infer<typeof embedReportSchema>;

/** `__metadata__.job` of a training request; tensors `vectors` F32 [n, dims] and `labels` I32 [n], labels in 0..classes-1. */
export const trainHeadJobSchema = z.strictObject({
  kind: z.literal('train-head'),
  classes: z.int().min(2),
  /**
   * `binary-cross-entropy`: the sum over the classes of the binary cross-entropy between the softmax output and the one-hot label;
   * `cross-entropy`: the negative log of the label's softmax output.
   */
  loss: z.enum(['binary-cross-entropy', 'cross-entropy']).default('binary-cross-entropy'),
  /** Where training starts: at the head that answers the nearest class mean, or at weights and bias 0. */
  start: z.enum(['class-means', 'zero']).default('class-means'),
  learningRate: z.number().positive().default(0.01),
  /** L2 penalty on the weights (not the bias), added to the loss as `l2 / 2 * sum(W^2)`. */
  l2: z.number().nonnegative().default(1e-4),
  batchSize: z.int().positive().default(256),
  maxEpochs: z.int().positive().default(200),
  /** Share of the rows kept for validation, chosen by `seed`. */
  validationShare: z.number().gt(0).lt(0.5).default(0.1),
  /** Training stops after this many epochs without a lower validation loss; the best epoch's weights are kept. */
  patienceEpochs: z.int().positive().default(10),
  seed: z.int().nonnegative().default(0),
  /** After the first epoch that ends later than this, an unfinished training answers a checkpoint; without it, it goes on to its end. */
  maxSeconds: z.number().positive().optional(),
});
export type TrainHeadJob = z.infer<typeof trainHeadJobSchema>;

/**
 * `__metadata__.job` of a training answer. Tensors: `weights` F32 [dims, classes], `bias` F32 [classes],
 * `curves` F32 [epochs, 4] (training loss, training accuracy, validation loss, validation accuracy) and
 * `model` U8: the head as ONNX (`vectors` [n, dims] -> `probabilities` [n, classes]).
 */
export const trainHeadReportSchema = z.strictObject({
  kind: z.literal('train-head'),
  classes: z.int().min(2),
  dims: z.int().positive(),
  trainedRows: z.int().nonnegative(),
  validationRows: z.int().nonnegative(),
  epochs: z.int().positive(),
  /** Epochs of training in the weights that were kept; 0 where none lowered the validation loss of the start. */
  bestEpoch: z.int().nonnegative(),
  validationAccuracy: z.number().min(0).max(1),
  validationLoss: z.number(),
  loss: z.enum(['binary-cross-entropy', 'cross-entropy']),
  computeMs: z.number().nonnegative(),
});
export type TrainHeadReport = z.infer<typeof trainHeadReportSchema>;

/**
 * `__metadata__.job` of the answer of a training that is not at its end. With the request's tensors and job it makes the next request, as
 * further tensors and as `__metadata__.checkpoint`; the head that comes out of any such chain is that of one uninterrupted training, to
 * the bit. Tensors, F32: Adam's state `state.weights`, `state.weightsMean`, `state.weightsSquare` [dims, classes], `state.bias`,
 * `state.biasMean`, `state.biasSquare` [classes]; the best head `best.weights`, `best.bias`; `curves` [epochs, 4] so far.
 */
export const headCheckpointSchema = z.strictObject({
  kind: z.literal('train-head-checkpoint'),
  classes: z.int().min(2),
  dims: z.int().positive(),
  epochs: z.int().positive(),
  bestEpoch: z.int().nonnegative(),
  bestFit: z.strictObject({ loss: z.number(), accuracy: z.number().min(0).max(1) }),
  stepsDone: z.int().positive(),
  /** State of the generator that orders the rows of the next epoch. */
  random: z.tuple([z.uint32(), z.uint32(), z.uint32(), z.uint32()]),
});
export type HeadCheckpoint = z.infer<typeof headCheckpointSchema>;

/** Body of every refusal of the endpoint (application/json, 4xx or 5xx). */
export const modelErrorSchema = z.strictObject({
  code: z.enum(['INVALID_JOB', 'UNKNOWN_MODEL', 'PROFILE_CHANGED', 'TOO_BUSY', 'UNSAFE_ARTIFACT', 'INTERNAL']),
  message: z.string(),
  retryable: z.boolean(),
});
export type ModelError = z.infer<typeof modelErrorSchema>;

/** `runs/<runId>/embed-jobs.json`: the texts of a run that have no vector yet, cut into jobs. All of a run go to one host. */
export const embedBatchSchema = z.strictObject({
  batch: z.int().nonnegative(),
  inputKey: z.string().min(1),
  host: z.enum(modelHosts),
});
export type EmbedBatch = z.infer<typeof embedBatchSchema>;

export const safetensorsContentType = 'application/x-safetensors';
