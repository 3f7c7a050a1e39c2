import {
  type HeadTrainingProgress,
  type HeadTrainingTask,
  type TrainedHead,
  trainHead,
} from '../model-jobs/head-training.ts';
import { createInProcessRunner } from '../runtime/in-process.ts';
import { serveTasks } from '../runtime/serve-tasks.ts';

/** The program of the training process. Heads are small: one CPU thread is fastest, and gives the same bits everywhere of one kind. */

serveTasks<undefined, undefined, HeadTrainingTask, TrainedHead | HeadTrainingProgress>(async () => {
  const runner = createInProcessRunner({ intraOpThreads: 1, enableMemPattern: false });
  return {
    ready: undefined,
    work: (task) => trainHead(runner, task, () => performance.now()),
  };
});
