import type { ResultWriter } from './definition.ts';
import { StateFailure } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import type { ChildResult } from './nested.ts';
import type { Caller, ObjectStore } from './ports.ts';

/** A child that was never started because its map run failed before. */
export interface PendingChild {
  readonly inputJson: string;
}

/** A child execution with its metadata, as exported without transformation. */
export function describeChild(result: ChildResult): JsonObject {
  const { info, end, stopMs } = result;
  return {
    ExecutionArn: info.arn,
    ...(end.error === undefined ? {} : { Error: end.error }),
    ...(end.cause === undefined ? {} : { Cause: end.cause }),
    Input: info.input,
    InputDetails: { Included: true },
    Name: info.name,
    ...(end.output === undefined ? {} : { Output: end.output, OutputDetails: { Included: true } }),
    RedriveCount: result.redriveCount,
    StartDate: new Date(info.startMs).toISOString(),
    StateMachineArn: info.stateMachineArn,
    Status: end.status,
    StopDate: new Date(stopMs).toISOString(),
  };
}

/** Results as the transformation wants them (developer guide, ResultWriter). Children that failed keep their metadata. */
export function transformResults(
  results: readonly ChildResult[],
  transformation: ResultWriter['transformation'],
): Json[] {
  const transformed: Json[] = [];
  for (const result of results) {
    if (transformation === 'NONE' || result.end.output === undefined) {
      transformed.push(describeChild(result));
      continue;
    }
    const output = JSON.parse(result.end.output) as Json;
    if (transformation === 'FLATTEN' && Array.isArray(output)) for (const item of output) transformed.push(item);
    else transformed.push(output);
  }
  return transformed;
}

function encode(values: readonly Json[], type: ResultWriter['outputType']): Uint8Array {
  const lines = values.map((value) => JSON.stringify(value));
  return Buffer.from(type === 'JSON' ? `[${lines.join(',')}]` : lines.map((line) => `${line}\n`).join(''));
}

export interface ExportRequest {
  readonly writer: ResultWriter;
  readonly bucket: string;
  readonly prefix: string;
  readonly mapRun: { readonly arn: string; readonly id: string };
  readonly results: readonly ChildResult[];
  readonly pending: readonly PendingChild[];
  readonly objects: ObjectStore;
  readonly caller: Caller;
}

/**
 * Exports the results of a map run: one file per status that occurred and a manifest.json that names them, under
 * `<prefix>/<map run id>/`. Answers the manifest's place; a failed write is a States.ResultWriterFailed.
 */
export async function exportResults(
  request: ExportRequest,
): Promise<{ readonly Bucket: string; readonly Key: string }> {
  const { writer, bucket, mapRun, results, objects, caller } = request;
  const prefix = request.prefix === '' ? '' : `${request.prefix.replace(/\/$/, '')}/`;
  const folder = `${prefix}${mapRun.id}`;
  const put = async (key: string, body: Uint8Array, contentType: string) => {
    try {
      await objects.put({ bucket, key, body, contentType, caller });
    } catch (error) {
      if (error instanceof StateFailure) throw error;
      throw new StateFailure('States.ResultWriterFailed', error instanceof Error ? error.message : String(error), {
        cause: error,
      });
    }
  };
  const extension = writer.outputType === 'JSON' ? 'json' : 'jsonl';
  const groups = {
    FAILED: transformResults(
      results.filter((result) => result.end.status !== 'SUCCEEDED'),
      'NONE',
    ),
    PENDING: request.pending.map(
      (child): Json => ({ Input: child.inputJson, InputDetails: { Included: true }, Status: 'PENDING' }),
    ),
    SUCCEEDED: transformResults(
      results.filter((result) => result.end.status === 'SUCCEEDED'),
      writer.transformation,
    ),
  };
  const resultFiles: { [status: string]: Json } = {};
  for (const [status, values] of Object.entries(groups)) {
    resultFiles[status] = [];
    if (values.length === 0) continue;
    const key = `${folder}/${status}_0.${extension}`;
    const body = encode(values, writer.outputType);
    await put(key, body, writer.outputType === 'JSON' ? 'application/json' : 'application/jsonl');
    resultFiles[status] = [{ Key: key, Size: body.byteLength }];
  }
  const manifest = { DestinationBucket: bucket, MapRunArn: mapRun.arn, ResultFiles: resultFiles };
  await put(`${folder}/manifest.json`, Buffer.from(JSON.stringify(manifest)), 'application/json');
  return { Bucket: bucket, Key: `${folder}/manifest.json` };
}
