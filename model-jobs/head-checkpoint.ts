import { type HeadCheckpoint, headCheckpointSchema } from '../contracts/model-jobs.ts';
import type { Matrix, NamedTensors, Tensor } from '../numerics/tensor.ts';
import type { HeadTrainingProgress } from './head-training.ts';
import { ModelJobError } from './job-error.ts';

/** A training's progress as the tensors and the metadata of `headCheckpointSchema`, and back. */

const stateNames = ['weights', 'weightsMean', 'weightsSquare', 'bias', 'biasMean', 'biasSquare'] as const;

export function encodeCheckpoint(progress: HeadTrainingProgress): {
  readonly tensors: NamedTensors;
  readonly checkpoint: HeadCheckpoint;
} {
  const { epochs, curves, best, trainer, random } = progress;
  const { weights, bias } = best.head;
  const state = Object.entries(trainer.tensors).map(([name, tensor]) => [`state.${name}`, tensor]);
  return {
    tensors: {
      ...Object.fromEntries(state),
      'best.weights': { type: 'float32', dims: [weights.rows, weights.columns], data: weights.data },
      'best.bias': { type: 'float32', dims: [bias.length], data: bias },
      curves: { type: 'float32', dims: [epochs, 4], data: curves },
    },
    checkpoint: {
      kind: 'train-head-checkpoint',
      classes: weights.columns,
      dims: weights.rows,
      epochs,
      bestEpoch: best.epoch,
      bestFit: best.fit,
      stepsDone: trainer.stepsDone,
      random,
    },
  };
}

/** @throws ModelJobError INVALID_JOB when a tensor is missing or of another shape than the job's, ZodError for the metadata. */
export function decodeCheckpoint(
  metadata: unknown,
  tensors: NamedTensors,
  job: { readonly dims: number; readonly classes: number },
): HeadTrainingProgress {
  const { classes, dims, epochs, bestEpoch, bestFit, stepsDone, random } = headCheckpointSchema.parse(metadata);
  if (classes !== job.classes || dims !== job.dims) {
    throw new ModelJobError(
      'INVALID_JOB',
      `the checkpoint is of a head of ${dims} x ${classes}, the job of one of ${job.dims} x ${job.classes}: send the one of this job`,
    );
  }
  const floats = (name: string, shape: readonly number[]): Tensor<'float32'> => {
    const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (tensor?.type !== 'float32' || String(tensor.dims) !== String(shape)) {
      const got = tensor === undefined ? 'nothing' : `${tensor.type} [${tensor.dims}]`;
      throw new ModelJobError('INVALID_JOB', `checkpoint tensor "${name}" must be float32 [${shape}], got ${got}`);
    }
    return tensor as Tensor<'float32'>;
  };
  const ofState = (name: (typeof stateNames)[number]) =>
    [name, floats(`state.${name}`, name.startsWith('weights') ? [dims, classes] : [classes])] as const;
  const weights: Matrix = { rows: dims, columns: classes, data: floats('best.weights', [dims, classes]).data };
  return {
    isFinished: false,
    epochs,
    curves: floats('curves', [epochs, 4]).data,
    best: { epoch: bestEpoch, fit: bestFit, head: { weights, bias: floats('best.bias', [classes]).data } },
    trainer: { tensors: Object.fromEntries(stateNames.map(ofState)), stepsDone },
    random,
  };
}
