import type { MiddlewareObj } from '@middy/core';

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
      const { name, code, retryable } = error as { name?: string; code?: string; retryable?: boolean };
      line(event, { outcome: 'failed', error: name, code, retryable });
    },
  };
}
