import { linkedController, runLimited } from './abortable.ts';
import type { DistributedMapState } from './definition.ts';
import { BranchAborted, StateFailure } from './errors.ts';
import { batchInputs, type ChildInput, singleInputs } from './item-batcher.ts';
import { readItems, type SourcedItems } from './item-reader.ts';
import type { Json } from './json.ts';
import type { ChildResult, MapRunHandle } from './nested.ts';
import { exportResults, transformResults } from './result-writer.ts';
import { itemInput, mapItems } from './state-inline-map.ts';
import {
  bindingsOf,
  conclude,
  type Exit,
  evaluate,
  evaluateNumber,
  evaluateObject,
  stateFailure,
  type Visit,
} from './visit.ts';

/** Children that run at once when MaxConcurrency is 0 or absent (developer guide, "Using Map state in Distributed mode"). */
const MAX_DISTRIBUTED_CONCURRENCY = 10_000;

interface MapRunSettings {
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number | undefined;
  readonly toleratedFailurePercentage: number | undefined;
}

/** What the children of a map run made: results by child, in order; those without one were never started. */
interface MapRunOutcome {
  readonly children: readonly ChildInput[];
  readonly results: readonly (ChildResult | undefined)[];
  readonly thresholdExceeded: boolean;
}

/** A Map state in distributed mode: a map run of child executions, which share nothing with this execution. */
export async function runDistributedMap(visit: Visit<DistributedMapState>): Promise<Exit> {
  const { execution, branch, state } = visit;
  const { history } = execution;
  let result: Json;
  try {
    const settings = await mapRunSettings(visit);
    const given = state.itemReader ? undefined : await mapItems(visit);
    const begun = visit.progress?.mapRunArn;
    const mapRun =
      begun === undefined ? await openMapRun(visit, settings, given?.length ?? 0) : await reopenMapRun(visit, begun);
    result = await runMapRun(visit, mapRun, settings, given);
    history.record(branch.cursor, 'MapRunSucceeded');
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

async function openMapRun(
  { execution, branch, state }: Visit<DistributedMapState>,
  settings: MapRunSettings,
  length: number,
): Promise<MapRunHandle> {
  const { history, host, arn: executionArn, roleArn, stateMachineArn } = execution;
  history.record(branch.cursor, 'MapStateStarted', { length });
  await host.authorize({ roleArn, action: 'states:StartExecution', resource: stateMachineArn });
  const mapRun = host.openMapRun({
    executionArn,
    label: state.label,
    maxConcurrency: settings.maxConcurrency,
    toleratedFailureCount: settings.toleratedFailureCount ?? 0,
    toleratedFailurePercentage: settings.toleratedFailurePercentage ?? 0,
  });
  history.record(branch.cursor, 'MapRunStarted', { mapRunArn: mapRun.arn });
  return mapRun;
}

/** A map run that was cut off goes on; one that ended without success is redriven. */
async function reopenMapRun(
  { execution, branch, state }: Visit<DistributedMapState>,
  arn: string,
): Promise<MapRunHandle> {
  const { history, host, roleArn } = execution;
  const mapRun = host.reopenMapRun(arn);
  if (mapRun.redriven) {
    const resource = `${arn.split(':').slice(0, 5).join(':')}:execution:${execution.stateMachineName}/${state.label}:*`;
    await host.authorize({ roleArn, action: 'states:RedriveExecution', resource });
    history.record(branch.cursor, 'MapRunRedriven', { mapRunArn: arn, redriveCount: mapRun.redriveCount });
  }
  return mapRun;
}

async function mapRunSettings(visit: Visit<DistributedMapState>): Promise<MapRunSettings> {
  const { state } = visit;
  const bindings = bindingsOf(visit);
  const maxConcurrency = await evaluateNumber(visit, state.maxConcurrency, bindings, { minimum: 0, maximum: 1e6 });
  return {
    maxConcurrency: maxConcurrency ?? 0,
    toleratedFailureCount: await evaluateNumber(visit, state.toleratedFailureCount, bindings, {
      minimum: 0,
      maximum: 1e9,
    }),
    toleratedFailurePercentage: await evaluateNumber(visit, state.toleratedFailurePercentage, bindings, {
      minimum: 0,
      maximum: 100,
      integer: false,
    }),
  };
}

/** The map run itself; it ends as SUCCEEDED, FAILED or ABORTED whatever happens. */
async function runMapRun(
  visit: Visit<DistributedMapState>,
  mapRun: MapRunHandle,
  settings: MapRunSettings,
  given: readonly Json[] | undefined,
): Promise<Json> {
  try {
    const sourced = given ? { items: given, source: 'STATE_DATA' } : await readSource(visit);
    const children = await childInputs(visit, sourced);
    mapRun.plan({ items: sourced.items.length, executions: children.length });
    const outcome = await runChildren(visit, mapRun, settings, children, sourced.items.length);
    const result = await collect(visit, mapRun, outcome);
    if (outcome.thresholdExceeded) {
      throw new StateFailure(
        'States.ExceedToleratedFailureThreshold',
        'The specified tolerated failure threshold was exceeded',
      );
    }
    mapRun.end('SUCCEEDED', true);
    return result;
  } catch (error) {
    mapRun.end(error instanceof BranchAborted ? 'ABORTED' : 'FAILED', false);
    if (error instanceof StateFailure) {
      visit.execution.history.record(visit.branch.cursor, 'MapRunFailed', {
        error: error.error,
        cause: error.causeText,
      });
    }
    throw error;
  }
}

async function readSource(visit: Visit<DistributedMapState>): Promise<SourcedItems> {
  const { execution, state } = visit;
  const reader = state.itemReader;
  if (!reader) throw stateFailure(visit, 'States.Runtime', 'The Map state has no ItemReader.');
  const bindings = bindingsOf(visit);
  const pointer = reader.config.itemsPointer;
  return readItems({
    reader,
    arguments: await evaluateObject(visit, reader.arguments, bindings),
    maxItems: await evaluateNumber(visit, reader.config.maxItems, bindings, { minimum: 0, maximum: 1e8 }),
    itemsPointer: pointer ? String(await evaluate(visit, pointer, bindings)) : undefined,
    objects: execution.host.objects,
    caller: { roleArn: execution.roleArn, executionArn: execution.arn },
  });
}

async function childInputs(visit: Visit<DistributedMapState>, sourced: SourcedItems): Promise<ChildInput[]> {
  const { state } = visit;
  const selected: Json[] = [];
  for (const [index, item] of sourced.items.entries()) {
    selected.push(await itemInput(visit, { Item: { Index: index, Value: item, Source: sourced.source } }, item));
  }
  const batcher = state.itemBatcher;
  if (!batcher) return singleInputs(selected);
  const bindings = bindingsOf(visit);
  const maxItems = await evaluateNumber(visit, batcher.maxItemsPerBatch, bindings, { minimum: 1, maximum: 1e8 });
  const maxBytes = await evaluateNumber(visit, batcher.maxInputBytesPerBatch, bindings, {
    minimum: 1,
    maximum: 262_144,
  });
  const batchInput = batcher.batchInput ? await evaluate(visit, batcher.batchInput, bindings) : undefined;
  return batchInputs(selected, { maxItems, maxBytes }, batchInput);
}

/** Runs the children until all have ended, or so many items failed that the rest is aborted. */
async function runChildren(
  visit: Visit<DistributedMapState>,
  mapRun: MapRunHandle,
  settings: MapRunSettings,
  children: readonly ChildInput[],
  totalItems: number,
): Promise<MapRunOutcome> {
  const { execution, branch, state } = visit;
  const { controller, release } = linkedController(branch.signal);
  const results: (ChildResult | undefined)[] = children.map(() => undefined);
  let doneItems = 0;
  let failedItems = 0;
  let thresholdExceeded = false;
  try {
    await runLimited(children.length, settings.maxConcurrency || MAX_DISTRIBUTED_CONCURRENCY, async (index) => {
      const child = children[index];
      if (!child || controller.signal.aborted) return;
      const result = await execution.host.runChild({
        mapRun,
        index,
        parentExecutionArn: execution.arn,
        label: state.label,
        type: state.executionType,
        group: state.processor,
        input: child.input,
        inputJson: child.json,
        itemCount: child.itemCount,
        signal: controller.signal,
      });
      results[index] = result;
      doneItems += child.itemCount;
      if (result.end.status === 'FAILED' || result.end.status === 'TIMED_OUT') failedItems += child.itemCount;
      if (exceedsThreshold(settings, failedItems, totalItems)) {
        thresholdExceeded = true;
        controller.abort();
      }
      execution.host.onProgress({
        executionArn: execution.arn,
        stateName: state.name,
        kind: 'items',
        doneItems,
        totalItems,
      });
    });
  } finally {
    release();
  }
  if (branch.signal.aborted) throw new BranchAborted();
  return { children, results, thresholdExceeded };
}

/** Without either tolerance no failed item is tolerated; with both, whichever is exceeded first counts. */
function exceedsThreshold(settings: MapRunSettings, failedItems: number, totalItems: number): boolean {
  const { toleratedFailureCount: count, toleratedFailurePercentage: percentage } = settings;
  if (count === undefined && percentage === undefined) return failedItems > 0;
  return (
    (count !== undefined && failedItems > count) ||
    (percentage !== undefined && (failedItems / totalItems) * 100 > percentage)
  );
}

/** The state's result: the children's outputs, or where they were exported to. */
async function collect(visit: Visit<DistributedMapState>, mapRun: MapRunHandle, outcome: MapRunOutcome): Promise<Json> {
  const { execution, state } = visit;
  const results = outcome.results.filter((result) => result !== undefined);
  const writer = state.resultWriter;
  if (!writer?.destination) return transformResults(results, writer?.transformation ?? 'COMPACT');
  const destination = await evaluateObject(visit, writer.destination, bindingsOf(visit));
  const { Bucket: bucket, Prefix: prefix = '' } = destination;
  if (typeof bucket !== 'string' || typeof prefix !== 'string') {
    throw stateFailure(
      visit,
      'States.ResultWriterFailed',
      "The ResultWriter's Arguments need a string 'Bucket' and, if given, a string 'Prefix'.",
    );
  }
  const details = await exportResults({
    writer,
    bucket,
    prefix,
    mapRun,
    results,
    pending: outcome.children.flatMap((child, index) => (outcome.results[index] ? [] : [{ inputJson: child.json }])),
    objects: execution.host.objects,
    caller: { roleArn: execution.roleArn, executionArn: execution.arn },
  });
  return { MapRunArn: mapRun.arn, ResultWriterDetails: details };
}
