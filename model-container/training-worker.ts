import type { TrainHeadJob } from '../contracts/model-jobs.ts';
import type { LabelledVectors } from '../numerics/softmax-head-training.ts';
import { createInProcessRunner } from '../runtime/in-process.ts';
import { serveTasks } from '../runtime/serve-tasks.ts';
import { type TrainedHead, trainHead } from './head-training.ts';

/** The program of the training process. Heads are small: one CPU thread is fastest, and gives the same bits everywhere of one kind. */

export interface TrainingTask {
  readonly job: TrainHeadJob;
  readonly rows: LabelledVectors;
  readonly dims: number;
}

export interface TrainingAnswer extends TrainedHead {
  readonly computeMs: number;
}

serveTasks<undefined, undefined, TrainingTask, TrainingAnswer>(async () => {
  const runner = createInProcessRunner({ intraOpThreads: 1, enableMemPattern: false });
  return {
    ready: undefined,
    async work({ job, rows, dims }) {
      const startedMs = performance.now();
      const trained = await trainHead(runner, job, rows, dims);
      return { ...trained, computeMs: performance.now() - startedMs };
    },
  };
});
