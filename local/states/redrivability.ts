import { type StoredExecution, statusOf } from './execution-store.ts';

/** API reference, RedriveExecution: an execution can be redriven for 14 days after its end, as long as its history has room. */
const REDRIVABLE_PERIOD_MS = 14 * 86_400_000;
const MAX_REDRIVABLE_EVENTS = 24_999;

export type Redrivability =
  | { readonly status: 'REDRIVABLE' | 'REDRIVABLE_BY_MAP_RUN' }
  | { readonly status: 'NOT_REDRIVABLE'; readonly reason: string };

/** Whether an execution can be redriven, with the reasons of DescribeExecution. */
export function redrivability(execution: StoredExecution, nowMs: number, eventCount: number): Redrivability {
  const { info, stopMs = nowMs } = execution;
  const status = statusOf(execution);
  const no = (reason: string): Redrivability => ({ status: 'NOT_REDRIVABLE', reason });
  if (status === 'RUNNING' || status === 'SUCCEEDED') return no(`Execution is ${status} and cannot be redriven`);
  if (info.mapRunArn !== undefined) return { status: 'REDRIVABLE_BY_MAP_RUN' };
  if (nowMs - stopMs > REDRIVABLE_PERIOD_MS) return no('Execution redrivable period exceeded');
  if (eventCount > MAX_REDRIVABLE_EVENTS) return no('Execution history event limit exceeded');
  return { status: 'REDRIVABLE' };
}
