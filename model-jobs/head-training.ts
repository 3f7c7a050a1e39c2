import type { TrainHeadJob } from '../contracts/model-jobs.ts';
import { classMeansHead } from '../numerics/class-means-head.ts';
import { Random } from '../numerics/random.ts';
import type { GraphRunner } from '../numerics/runner.ts';
import { type SoftmaxHead, zeroHead } from '../numerics/softmax-head.ts';
import {
  createHeadTrainer,
  type HeadFit,
  type HeadTrainerState,
  type LabelledVectors,
  untrained,
} from '../numerics/softmax-head-training.ts';
import { ModelJobError } from './job-error.ts';

export interface HeadTrainingTask {
  readonly job: TrainHeadJob;
  /** vectors [n, dims] and labels [n] */
  readonly rows: LabelledVectors;
  readonly dims: number;
  /** Where an earlier training of the same job and rows left off. */
  readonly checkpoint?: HeadTrainingProgress;
}

/** A training between two epochs: it goes on from here as if it had never stopped. */
export interface HeadTrainingProgress {
  readonly isFinished: false;
  readonly epochs: number;
  /** [epochs, 4] */
  readonly curves: Float32Array;
  readonly best: BestEpoch;
  readonly trainer: HeadTrainerState;
  readonly random: [number, number, number, number];
}

interface BestEpoch {
  readonly epoch: number;
  readonly fit: HeadFit;
  readonly head: SoftmaxHead;
}

export interface TrainedHead {
  readonly isFinished: true;
  readonly head: SoftmaxHead;
  /** [epochs, 4]: training loss, training accuracy, validation loss, validation accuracy */
  readonly curves: Float32Array;
  readonly epochs: number;
  /** Epochs of training in the weights that were kept; 0 where none lowered the validation loss of the start. */
  readonly bestEpoch: number;
  readonly validation: HeadFit;
  readonly trainedRows: number;
  readonly validationRows: number;
}

/**
 * Trains a softmax head on part of the rows, from the head of the class means or from 0, and keeps the epoch with the lowest loss on the
 * others; both the choice of rows and their order in each epoch follow from the job's seed. It stops early at the job's `maxSeconds` of
 * `monotonicMs`; where it stops changes nothing about what comes out in the end.
 * @throws ModelJobError INVALID_JOB when there are fewer than 2 rows, a value is not finite or a label is no class.
 */
export async function trainHead(
  runner: GraphRunner,
  { job, rows, dims, checkpoint }: HeadTrainingTask,
  monotonicMs: () => number,
): Promise<TrainedHead | HeadTrainingProgress> {
  assertTrainable(job, rows);
  const untilMs = job.maxSeconds === undefined ? Number.POSITIVE_INFINITY : monotonicMs() + 1000 * job.maxSeconds;
  const splitting = new Random(job.seed);
  const n = rows.labels.length;
  const order = splitting.permutation(n);
  const validationRows = Math.max(1, Math.floor(n * job.validationShare));
  const validation = rowsAt(rows, dims, order.subarray(0, validationRows));
  const training = rowsAt(rows, dims, order.subarray(validationRows));
  const random = checkpoint ? Random.ofState(checkpoint.random) : splitting;
  const start = checkpoint?.trainer ?? untrained(startOf(job, training, dims));
  const trainer = await createHeadTrainer(runner, { ...job, dims }, training, start);
  try {
    const curves: number[] = [...(checkpoint?.curves ?? [])];
    let best: BestEpoch = checkpoint?.best ?? {
      epoch: 0,
      fit: await trainer.measure(validation),
      head: trainer.head(),
    };
    let epoch = checkpoint?.epochs ?? 0;
    const isAtEnd = () => epoch >= job.maxEpochs || epoch - best.epoch >= job.patienceEpochs;
    while (!isAtEnd()) {
      epoch += 1;
      const trained = await trainer.epoch(random.permutation(training.labels.length));
      const fit = await trainer.measure(validation);
      curves.push(trained.loss, trained.accuracy, fit.loss, fit.accuracy);
      if (fit.loss < best.fit.loss) best = { epoch, fit, head: trainer.head() };
      if (monotonicMs() >= untilMs) break;
    }
    if (!Number.isFinite(best.fit.loss)) {
      throw new ModelJobError(
        'INVALID_JOB',
        `training diverged at learning rate ${job.learningRate}; try a smaller one`,
      );
    }
    if (!isAtEnd()) {
      return {
        isFinished: false,
        epochs: epoch,
        curves: Float32Array.from(curves),
        best,
        trainer: trainer.state(),
        random: random.state,
      };
    }
    return {
      isFinished: true,
      head: best.head,
      curves: Float32Array.from(curves),
      epochs: epoch,
      bestEpoch: best.epoch,
      validation: best.fit,
      trainedRows: training.labels.length,
      validationRows,
    };
  } finally {
    await trainer.close();
  }
}

function startOf(job: TrainHeadJob, training: LabelledVectors, dims: number): SoftmaxHead {
  return job.start === 'class-means' ? classMeansHead(training, dims, job.classes) : zeroHead(dims, job.classes);
}

function assertTrainable({ classes }: TrainHeadJob, { vectors, labels }: LabelledVectors): void {
  if (labels.length < 2) {
    throw new ModelJobError(
      'INVALID_JOB',
      `${labels.length} rows cannot be split into training and validation; give at least 2`,
    );
  }
  const badLabel = labels.findIndex((label) => label < 0 || label >= classes);
  if (badLabel >= 0) {
    throw new ModelJobError(
      'INVALID_JOB',
      `row ${badLabel} has label ${labels[badLabel]}; allowed: 0 to ${classes - 1}`,
    );
  }
  const badValue = vectors.findIndex((value) => !Number.isFinite(value));
  if (badValue >= 0) {
    const row = Math.floor((badValue * labels.length) / vectors.length);
    throw new ModelJobError(
      'INVALID_JOB',
      `the vector of row ${row} holds a value that is not finite; leave the row out`,
    );
  }
}

/** Copies of the chosen rows, in the order of `chosen`. */
function rowsAt({ vectors, labels }: LabelledVectors, dims: number, chosen: Uint32Array): LabelledVectors {
  const picked = { vectors: new Float32Array(chosen.length * dims), labels: new Int32Array(chosen.length) };
  for (const [at, row] of chosen.entries()) {
    picked.vectors.set(vectors.subarray(row * dims, (row + 1) * dims), at * dims);
    picked.labels[at] = labels[row]!;
  }
  return picked;
}
