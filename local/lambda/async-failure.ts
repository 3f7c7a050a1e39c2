import type { FunctionDefinition } from './function-definition.ts';
import type { InvocationResult } from './invocation-result.ts';
import type { FunctionErrorBody } from './worker-protocol.ts';

/** Why an event is not tried again. */
export type GivenUp = 'RetriesExhausted' | 'EventAgeExceeded';

/** Attributes of a message in a dead-letter queue. Source: Lambda developer guide, "Dead-letter queues". */
export function deadLetterAttributes(requestId: string, error: FunctionErrorBody): Record<string, string> {
  return { RequestID: requestId, ErrorCode: '200', ErrorMessage: error.errorMessage.slice(0, 1024) };
}

/** The record of a failed event. Source: Lambda developer guide, "Retaining records of asynchronous invocations". */
export function asyncRecord({
  definition,
  result,
  payload,
  condition,
  attempts,
  atMs,
}: {
  readonly definition: FunctionDefinition;
  readonly result: InvocationResult;
  readonly payload: string;
  readonly condition: GivenUp;
  readonly attempts: number;
  readonly atMs: number;
}): string {
  return JSON.stringify({
    version: '1.0',
    timestamp: new Date(atMs).toISOString(),
    requestContext: {
      requestId: result.requestId,
      functionArn: `${definition.arn}:$LATEST`,
      condition,
      approximateInvokeCount: attempts,
    },
    requestPayload: JSON.parse(payload),
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: JSON.parse(result.payload),
  });
}
