import { linkedController, runLimited } from './abortable.ts';
import type { InlineMapState, MapState } from './definition.ts';
import { BranchAborted } from './errors.ts';
import { branchPath } from './history.ts';
import type { Json, JsonObject } from './json.ts';
import type { GroupProgress } from './progress.ts';
import {
  bindingsOf,
  branchOf,
  conclude,
  contextObject,
  type Exit,
  evaluate,
  evaluateArray,
  evaluateNumber,
  evaluationFailure,
  payloadJson,
  type Visit,
} from './visit.ts';

/** Most iterations of an inline Map that run at once (developer guide, "Using Map state in Inline mode"). */
const MAX_INLINE_CONCURRENCY = 40;

/** The items of a Map state: its Items, else its input, which must then be an array. */
export async function mapItems(visit: Visit<MapState>): Promise<readonly Json[]> {
  if (visit.state.items) return evaluateArray(visit, visit.state.items, bindingsOf(visit));
  if (Array.isArray(visit.input)) return visit.input;
  throw evaluationFailure(visit, `Map state input must be an array but was: ${JSON.stringify(visit.input)}`);
}

/** The input of one iteration: the item, or what ItemSelector makes of it. */
export async function itemInput(visit: Visit<MapState>, mapContext: JsonObject, item: Json): Promise<Json> {
  if (!visit.state.itemSelector) return item;
  const context = contextObject(visit, { map: mapContext });
  return evaluate(visit, visit.state.itemSelector, bindingsOf(visit, { context }));
}

/** A Map state in inline mode: iterations are branches of the same execution; a failing iteration aborts the others. */
export async function runInlineMap(visit: Visit<InlineMapState>): Promise<Exit> {
  const { execution, branch, state } = visit;
  const { history } = execution;
  let result: Json[];
  try {
    const items = await mapItems(visit);
    const concurrency = await evaluateNumber(visit, state.maxConcurrency, bindingsOf(visit), {
      minimum: 0,
      maximum: 1e6,
    });
    result = await runIterations(visit, items, concurrency || MAX_INLINE_CONCURRENCY);
  } catch (error) {
    if (!(error instanceof BranchAborted)) history.record(branch.cursor, 'MapStateFailed');
    throw error;
  }
  history.record(branch.cursor, 'MapStateSucceeded');
  return conclude(visit, {
    output: state.output,
    assign: state.assign,
    fallback: result,
    next: state.next,
    bindings: bindingsOf(visit, { result }),
  });
}

async function runIterations(
  visit: Visit<InlineMapState>,
  items: readonly Json[],
  concurrency: number,
): Promise<Json[]> {
  const { execution, branch, state, progress } = visit;
  const { history, host } = execution;
  const startedId =
    progress?.startedEventId ?? history.record(branch.cursor, 'MapStateStarted', { length: items.length });
  const { controller, release } = linkedController(branch.signal);
  const result: Json[] = [];
  let doneItems = 0;
  async function iterate(index: number): Promise<void> {
    const begun = progress?.nested.get(index);
    const item = items[index] ?? null;
    const mapContext = { Item: { Index: index, Value: item, Source: 'STATE_DATA' } };
    const nested = branchOf(begun, {
      parent: branch.scope,
      path: branchPath(branch.cursor.branch, state.name, index),
      startedId,
      signal: controller.signal,
      mapContext,
    });
    const { cursor } = nested;
    const iteration = { name: state.name, index };
    if (!begun) history.record(cursor, 'MapIterationStarted', iteration);
    try {
      const input = await itemInput(visit, mapContext, item);
      payloadJson(input, state.name);
      result[index] = await execution.runGroup(state.processor, input, nested, begun);
    } catch (error) {
      history.record(cursor, error instanceof BranchAborted ? 'MapIterationAborted' : 'MapIterationFailed', iteration);
      controller.abort();
      throw error;
    }
    if (!isFinished(begun)) history.record(cursor, 'MapIterationSucceeded', iteration);
    branch.cursor.eventId = cursor.eventId;
    doneItems += 1;
    host.onProgress({
      executionArn: execution.arn,
      stateName: state.name,
      kind: 'items',
      doneItems,
      totalItems: items.length,
    });
  }
  try {
    await runLimited(items.length, Math.min(concurrency, MAX_INLINE_CONCURRENCY), iterate);
  } finally {
    release();
  }
  return result;
}

function isFinished(progress: GroupProgress | undefined): boolean {
  return progress?.position?.kind === 'after' && progress.position.next === undefined;
}
