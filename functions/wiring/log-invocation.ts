import type { MiddlewareObj } from '@middy/core';

const loggedFrames = 5;

/** Where it happened, without the message: that could quote what it stumbled over. */
function placesIn(stack: string | undefined): string[] {
  const frames = (stack ?? '').split('\n').filter((frame) => /^\s+at /.test(frame));
  return frames.slice(0, loggedFrames).map((frame) => frame.trim());
}

/** One JSON line per invocation: what ran, for which run and partition, how long, how it ended. Never customer data. */
export function logInvocation(functionName: string): MiddlewareObj<unknown, unknown> {
  let startedMs = 0;
  const line = (event: unknown, outcome: Record<string, unknown>): void => {
    const { runId, partition } = (event ?? {}) as { runId?: unknown; partition?: unknown };
    console.log(
      JSON.stringify({
        function: functionName,
        runId,
        partition,
        tookMs: Math.round(performance.now() - startedMs),
        ...outcome,
      }),
    );
  };
  return {
    before: () => {
      startedMs = performance.now();
    },
    after: ({ event, response }) => {
      const { rows } = (response ?? {}) as { rows?: unknown };
      line(event, { outcome: 'done', rows });
    },
    onError: ({ event, error }) => {
      const { name, code, retryable, stack } = error as Partial<Error> & { code?: string; retryable?: boolean };
      line(event, { outcome: 'failed', error: name, code, retryable, at: placesIn(stack) });
    },
  };
}
