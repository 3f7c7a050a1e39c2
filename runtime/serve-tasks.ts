import type { FromWorker, TaskFailure, ToWorker } from './worker-process.ts';

/**
 * The child's side of `WorkerProcess`: `start` loads what the tasks need and answers with what the parent is told and
 * with the function that does a task. Tasks are done one at a time, in the order they came.
 */
export function serveTasks<Startup, Ready, Task, Answer>(
  start: (startup: Startup) => Promise<{ readonly ready: Ready; readonly work: (task: Task) => Promise<Answer> }>,
): void {
  let work: (task: Task) => Promise<Answer>;
  let last: Promise<void> = Promise.resolve();

  async function handle(message: ToWorker): Promise<void> {
    const id = 'id' in message ? message.id : undefined;
    try {
      if ('startup' in message) {
        const started = await start(message.startup as Startup);
        work = started.work;
        send({ ready: started.ready });
      } else {
        send({ id: message.id, answer: await work(message.task as Task) });
      }
    } catch (error) {
      send({ id, failure: failureOf(error) });
    }
  }

  process.on('message', (message: ToWorker) => {
    last = last.then(() => handle(message));
  });
  process.on('disconnect', () => process.exit());
  // The parent drains and then ends its workers; a signal to the whole group must not take them away from it.
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
}

function send(message: FromWorker): void {
  process.send?.(message);
}

function failureOf(error: unknown): TaskFailure {
  if (!(error instanceof Error)) return { name: 'Error', code: undefined, message: String(error), retryable: false };
  const { code, retryable } = error as { code?: unknown; retryable?: unknown };
  return {
    name: error.name,
    code: typeof code === 'string' ? code : undefined,
    message: error.message,
    retryable: retryable === true,
  };
}
