import { delay } from './abortable.ts';
import type { WaitState } from './definition.ts';
import { parseTimestampMs } from './timestamp.ts';
import {
  bindingsOf,
  conclude,
  type Exit,
  evaluateNumber,
  evaluateString,
  evaluationFailure,
  type Visit,
} from './visit.ts';

/** A Wait state: for a number of seconds, or until a time (which may have passed). */
export async function runWait(visit: Visit<WaitState>): Promise<Exit> {
  const { state, execution, branch, input } = visit;
  await delay(execution.host.scheduler, await waitMs(visit), branch.signal);
  return conclude(visit, { output: state.output, assign: state.assign, fallback: input, next: state.next });
}

async function waitMs(visit: Visit<WaitState>): Promise<number> {
  const { seconds, timestamp } = visit.state;
  const bindings = bindingsOf(visit);
  const nowMs = visit.execution.host.clock.nowMs();
  if (!timestamp) {
    const range = { minimum: 0, maximum: 99_999_999 };
    const waitSeconds = (await evaluateNumber(visit, seconds, bindings, range)) ?? 0;
    return Math.max(0, visit.enteredMs + waitSeconds * 1000 - nowMs);
  }
  const text = await evaluateString(visit, timestamp, bindings);
  const untilMs = parseTimestampMs(text);
  if (untilMs === undefined) {
    throw evaluationFailure(
      visit,
      `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`,
      'Timestamp',
    );
  }
  return Math.max(0, untilMs - nowMs);
}
